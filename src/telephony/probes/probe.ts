import type { Finding } from "../../connectors/connector.ts";
import { toErrorMessage } from "../../core/errors.ts";
import type { Sentence } from "../../core/sentence.ts";
import type { Clock } from "../../kit/clock.ts";
import type { HttpRequester } from "../../kit/http-client.ts";
import type { AmiAction } from "../ami/action.ts";
import type { AmiMessage } from "../ami/message.ts";
import { type AmiList, isSuccess } from "../ami/session.ts";
import type { AmiRights } from "../ami-rights.ts";
import type { PbxSettings } from "../pbx.ts";
import { mend } from "./mend-words.ts";
import { say } from "./words.ts";

/** A PBX that lets us in, as probes look at it: by actions that its AMI user may use anyway, and that change nothing. */
export interface ProbedPbx {
  settings: PbxSettings;
  /** Of the AMI user. */
  rights: AmiRights;
  send(action: AmiAction): Promise<AmiMessage>;
  list(action: AmiAction): Promise<AmiList>;
  /** What Asterisk said of itself right after the login. */
  booted(): AmiMessage | undefined;
  http: HttpRequester;
  clock: Clock;
  signal: AbortSignal;
}

/** One look. Never throws for what the PBX says. */
export type Probe = (pbx: ProbedPbx) => Promise<Finding[]>;

export const ok = (subject: string, message: Sentence): Finding => ({ level: "ok", subject, ...toMessage(message) });

export const warning = (subject: string, message: Sentence, how: Sentence): Finding => ({
  ...{ level: "warning", subject, ...toMessage(message), ...toMend(how) },
});

export const error = (subject: string, message: Sentence, how: Sentence): Finding => ({
  ...{ level: "error", subject, ...toMessage(message), ...toMend(how) },
});

const toMessage = ({ text, code, values }: Sentence) => ({ message: text, words: { code, values } });
const toMend = ({ text, code, values }: Sentence) => ({ mend: text, mendWords: { code, values } });

/** The items of a list, or none where the PBX has no such action, may not tell, or has nothing to list. */
export async function listOrNone(pbx: ProbedPbx, action: AmiAction): Promise<readonly AmiMessage[]> {
  const { response, items } = await pbx.list(action);
  return isSuccess(response) ? items : [];
}

/** Whether a context, or an extension in it or in what it includes, is there. `null`: the user may not look. */
export async function hasDialplan(pbx: ProbedPbx, context: string, extension?: string): Promise<boolean | null> {
  const fields = { Context: context, Extension: extension };
  const { response } = await pbx.list({ name: "ShowDialPlan", fields });
  if (isSuccess(response)) return true;
  return /did not find/i.test(response.get("Message") ?? "") ? false : null;
}

/** All probes, one after the other: a PBX at work is not asked everything at once. */
export async function runProbes(probes: Readonly<Record<string, Probe>>, pbx: ProbedPbx): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const [name, probe] of Object.entries(probes)) {
    try {
      findings.push(...(await probe(pbx)));
    } catch (failure) {
      pbx.signal.throwIfAborted();
      findings.push(warning(name, say("failed", { error: toErrorMessage(failure) }), mend("again")));
    }
  }
  return findings;
}
