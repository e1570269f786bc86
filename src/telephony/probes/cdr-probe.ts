import { isSuccess } from "../ami/session.ts";
import { ok, type Probe, warning } from "./probe.ts";
import { CDR_SNIPPET } from "./snippets.ts";

/** Does the PBX keep records of its calls, by which gaps are repaired, and does it tell of them? */
export const probeCdr: Probe = async (pbx) => {
  const settings = await pbx.send({ name: "CoreSettings" });
  if (/^no$/i.test(settings.get("CoreCDRenabled") ?? ""))
    return [warning("cdr", "the PBX keeps no records of its calls: a gap cannot be repaired from them", CDR_SNIPPET)];
  if (!pbx.rights.actions.includes("ModuleCheck"))
    return [ok("cdr", "records are kept; whether cdr_manager tells of them only a user with system could see")];
  const module = await pbx.send({ name: "ModuleCheck", fields: { Module: "cdr_manager" } });
  if (isSuccess(module)) return [ok("cdr", "records are kept, and cdr_manager tells of them")];
  return [warning("cdr", "cdr_manager is not loaded: Enlace hears of no record", CDR_SNIPPET)];
};
