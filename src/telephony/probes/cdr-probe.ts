import type { Finding } from "../../connectors/connector.ts";
import { hasModule } from "./functions.ts";
import { ok, type Probe, type ProbedPbx, warning } from "./probe.ts";
import { CDR_SNIPPET, toCdrSourceSnippet, toLookSnippet } from "./snippets.ts";
import { say } from "./words.ts";

/** Does the PBX keep records of its calls, by which gaps are repaired, can Enlace read them, and also those of a gap? */
export const probeCdr: Probe = async (pbx) => {
  const settings = await pbx.send({ name: "CoreSettings" });
  if (/^no$/i.test(settings.get("CoreCDRenabled") ?? "")) return [warning("cdr", say("noRecords"), CDR_SNIPPET)];
  return [await lookAtManager(pbx), ...toSourceFindings(pbx)];
};

async function lookAtManager(pbx: ProbedPbx): Promise<Finding> {
  const isLoaded = await hasModule(pbx, "cdr_manager");
  if (isLoaded) return ok("cdr", say("recordsTold"));
  const isSource = pbx.settings.cdr?.kind === "ami";
  if (!isSource) return ok("cdr", say("recordsKept"));
  if (isLoaded === false) return warning("cdr", say("cdrManagerAway"), CDR_SNIPPET);
  return warning("cdr", say("cdrManagerUnseen"), toLookSnippet("func_module"));
}

/** Over AMI each record is told once, to whoever listens then: of a call that ended in a gap Enlace would never hear. */
function toSourceFindings({ settings }: ProbedPbx): Finding[] {
  const { cdr, name } = settings;
  if (cdr?.kind === "mysql" || cdr?.kind === "csv") return [ok("cdr:gaps", say("gapsFound", { kind: cdr.kind }))];
  return [warning("cdr:gaps", say(cdr?.kind === "ami" ? "gapsOverAmi" : "gapsNowhere"), toCdrSourceSnippet(name))];
}
