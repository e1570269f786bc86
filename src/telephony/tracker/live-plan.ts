import { createPbxPlan, type PbxPlan, type PbxPlanOptions } from "./channel-name.ts";

/** The plan of a PBX that goes on while its tenant's lists change. Legs that are known keep the extension they had. */
export interface LivePbxPlan extends PbxPlan {
  /** Whether the tenant's list has this extension. */
  hasExtension(extension: string): boolean;
  /** Holds from the next channel on. */
  replace(lists: PbxPlanOptions): void;
}

export function createLivePbxPlan(lists: PbxPlanOptions): LivePbxPlan {
  let plan = createPbxPlan(lists);
  let known = new Set(lists.extensions.values());
  return {
    extensionOf: (peer) => plan.extensionOf(peer),
    isInternal: (number) => plan.isInternal(number),
    hasExtension: (extension) => known.has(extension),
    replace: (next) => {
      plan = createPbxPlan(next);
      known = new Set(next.extensions.values());
    },
  };
}
