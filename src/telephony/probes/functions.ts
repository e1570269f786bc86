import { isSuccess } from "../ami/session.ts";
import type { ProbedPbx } from "./probe.ts";

// What a PBX says of itself by functions of its dialplan. Who may report may ask for them: the classes `system` and `config`, which
// also run commands, are not needed to see whether a module is loaded or what a file says.

/** Value of a dialplan function that only reads; `null` when it says nothing, is not there or the user may not ask. */
export async function readFunction(pbx: ProbedPbx, name: string): Promise<string | null> {
  const answer = await pbx.send({ name: "Getvar", fields: { Variable: name } });
  return (isSuccess(answer) && answer.get("Value")) || null;
}

/**
 * Whether Asterisk has this module (`app_amd`, without ending). It also has one that could not start. `null`: neither the function
 * (func_module) nor the action says.
 */
export async function hasModule(pbx: ProbedPbx, module: string): Promise<boolean | null> {
  const said = await readFunction(pbx, `IFMODULE(${module}.so)`);
  if (said !== null) return said === "1";
  if (!pbx.rights.actions.includes("ModuleCheck")) return null;
  const answer = await pbx.send({ name: "ModuleCheck", fields: { Module: module } });
  if (isSuccess(answer)) return true;
  return /not loaded/i.test(answer.get("Message") ?? "") ? false : null;
}

/** What a file of /etc/asterisk says of this name in `[general]`, its includes read too; `null`: nothing. */
export const readSetting = (pbx: ProbedPbx, file: string, name: string): Promise<string | null> =>
  readFunction(pbx, `AST_CONFIG(${file},general,${name})`);
