import { type AskPbx, PbxRefusal } from "./ask-pbx.ts";

/** Has a PBX read the configuration of one of these modules again; of no other, and never by a command line. */
export const RELOADABLE = ["res_pjsip"] as const;

export interface ReloadOrder {
  module: (typeof RELOADABLE)[number];
  /** Endpoints that must be there afterwards. */
  endpoints: readonly string[];
}

/**
 * Resolves with the endpoints that the PBX does not know afterwards: what a wrong value leaves out, since Asterisk itself calls
 * such a reload a success. Throws as `AskPbx`; `conflict` with a sentence when the AMI user may not.
 */
export type Reload = (order: ReloadOrder) => Promise<{ missing: string[] }>;

export function createReload(ask: AskPbx): Reload {
  const hasEndpoint = async (name: string): Promise<boolean> => {
    try {
      await ask("PJSIPShowEndpoint", { Endpoint: name });
      return true;
    } catch (error) {
      if (error instanceof PbxRefusal && !error.isForbidden) return false;
      throw error;
    }
  };
  return async ({ module, endpoints }) => {
    await ask("Reload", { Module: module });
    const missing: string[] = [];
    for (const name of endpoints) if (!(await hasEndpoint(name))) missing.push(name);
    return { missing };
  };
}
