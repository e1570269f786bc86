import { AppError } from "../core/errors.ts";
import type { TenantId } from "../core/ids.ts";
import type { DialSettings } from "../core/pbx-record.ts";
import type { PbxFleet } from "./pbx-fleet.ts";
import { say } from "./words.ts";

/** What who gives orders needs to know of a PBX. */
export interface ChosenPbx {
  id: string;
  name: string;
  host: string;
  callIdPrefix: string;
  dial: Pick<DialSettings, "number"> & { form?: DialSettings["form"] };
}

export interface PbxChoice {
  /** The PBX of this id, or the best one for a new call: one that is connected here, else the tenant's first. */
  choose(tenantId: TenantId, id?: string): Promise<ChosenPbx>;
  /** The PBX of this name, as calls carry it. Throws `conflict` when the tenant has none (any more). */
  findByName(tenantId: TenantId, name: string | null): Promise<ChosenPbx>;
}

export interface PbxChoiceOptions {
  telephony: Pick<PbxFleet, "list" | "settings">;
  /** For processes without the role telephony: every PBX of the tenant that is switched on and has AMI. */
  loadPbxs(tenantId: TenantId): Promise<readonly ChosenPbx[]>;
}

/** What this process runs is known without asking the store, and is as fresh as its last notification. */
export function createPbxChoice({ telephony, loadPbxs }: PbxChoiceOptions): PbxChoice {
  async function listPbxs(tenantId: TenantId): Promise<readonly ChosenPbx[]> {
    const known = telephony.settings().filter((pbx) => pbx.tenantId === tenantId);
    return known.length > 0 ? known.map((pbx) => ({ ...pbx, host: pbx.address.host })) : loadPbxs(tenantId);
  }

  return {
    choose: async (tenantId, id) => {
      const all = await listPbxs(tenantId);
      if (id !== undefined) {
        const named = all.find((pbx) => pbx.id === id);
        if (!named) throw new AppError("not_found", say("pbxUnknown"));
        return named;
      }
      const ready = new Set(telephony.list(tenantId).flatMap((pbx) => (pbx.ami?.state === "ready" ? [pbx.id] : [])));
      const chosen = all.find((pbx) => ready.has(pbx.id)) ?? all[0];
      if (!chosen) throw new AppError("conflict", say("pbxNone"));
      return chosen;
    },
    findByName: async (tenantId, name) => {
      const found = (await listPbxs(tenantId)).find((pbx) => pbx.name === name);
      if (!found) throw new AppError("conflict", say("pbxOfCall"));
      return found;
    },
  };
}
