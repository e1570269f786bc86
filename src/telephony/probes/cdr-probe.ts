import type { Finding } from "../../connectors/connector.ts";
import { hasModule } from "./functions.ts";
import { ok, type Probe, type ProbedPbx, warning } from "./probe.ts";
import { CDR_SNIPPET, toCdrSourceSnippet, toLookSnippet } from "./snippets.ts";

/** Does the PBX keep records of its calls, by which gaps are repaired, can Enlace read them, and also those of a gap? */
export const probeCdr: Probe = async (pbx) => {
  const settings = await pbx.send({ name: "CoreSettings" });
  if (/^no$/i.test(settings.get("CoreCDRenabled") ?? ""))
    return [warning("cdr", "the PBX keeps no records of its calls: a gap cannot be repaired from them", CDR_SNIPPET)];
  return [await lookAtManager(pbx), ...toSourceFindings(pbx)];
};

async function lookAtManager(pbx: ProbedPbx): Promise<Finding> {
  const isLoaded = await hasModule(pbx, "cdr_manager");
  if (isLoaded) return ok("cdr", "records are kept, and cdr_manager tells of them");
  const isSource = pbx.settings.cdr?.kind === "ami";
  if (!isSource) return ok("cdr", "records are kept");
  if (isLoaded === false) return warning("cdr", "cdr_manager is not loaded: Enlace hears of no record", CDR_SNIPPET);
  return warning("cdr", "nobody can see whether cdr_manager tells of the records", toLookSnippet("func_module"));
}

/** Over AMI each record is told once, to whoever listens then: of a call that ended in a gap Enlace would never hear. */
function toSourceFindings({ settings }: ProbedPbx): Finding[] {
  const { cdr, name } = settings;
  if (cdr?.kind === "mysql" || cdr?.kind === "csv") return [ok("cdr:gaps", `calls of a gap are found in ${cdr.kind}`)];
  const now = cdr?.kind === "ami" ? "records are heard over AMI alone" : "nobody said where its records are";
  const message = `${now}: calls that begin and end while the connection is lost stay unknown`;
  return [warning("cdr:gaps", message, toCdrSourceSnippet(name))];
}
