import type { AmiAction } from "./ami/action.ts";
import type { AmiMessage } from "./ami/message.ts";

/** What an AMI user may do. `missing` names what Enlace needs, `dangerous` what lets its bearer run commands on the PBX. */
export interface AmiRights {
  actions: readonly string[];
  missing: readonly string[];
  dangerous: readonly string[];
}

const NEEDED = ["Originate", "Hangup", "Redirect", "Atxfer", "BlindTransfer", "QueueStatus"];
/** Either lists the live channels: classes `reporting`, or `call`. */
const NEEDED_ONE_OF = ["CoreShowChannels", "Status"];
const DANGEROUS = ["Command", "UpdateConfig", "CreateConfig", "ModuleLoad", "MixMonitor", "AGI", "DBPut"];

/** ListCommands names only actions that this very user may use. */
export async function loadAmiRights(send: (action: AmiAction) => Promise<AmiMessage>): Promise<AmiRights> {
  const response = await send({ name: "ListCommands" });
  const actions = response.fields.filter(
    (name, index) => index % 2 === 0 && !/^(Response|ActionID|Message|)$/.test(name),
  );
  const may = new Set(actions);
  const missing = NEEDED.filter((name) => !may.has(name));
  if (!NEEDED_ONE_OF.some((name) => may.has(name))) missing.push(NEEDED_ONE_OF.join(" or "));
  return { actions, missing, dangerous: DANGEROUS.filter((name) => may.has(name)) };
}
