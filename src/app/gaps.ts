import type { App } from "../http/app-instance.ts";
import type { Accept } from "../intake/accept.ts";
import { createReconciliation, type Reconciliation } from "../telephony/reconcile/reconciliation.ts";
import type { RecordedPbx } from "../telephony/reconcile/recorded-pbx.ts";
import { registerGapRoutes } from "../telephony/reconcile/routes.ts";
import { createUnheardPbxs } from "../telephony/reconcile/unheard-pbxs.ts";
import { registerTraceRoutes } from "../telephony/trace/routes.ts";
import { type Deed, type Doer, writeAudit } from "../tenants/audit/audit.ts";
import { createPbxCdr } from "../tenants/pbxs/cdr.ts";
import { registerPbxCdrRoutes } from "../tenants/pbxs/cdr-routes.ts";
import type { Ground } from "./ground.ts";
import type { Rooms } from "./rooms.ts";

// What was missed of a PBX's calls: who compares it with the PBX's records, and who may see and ask for it.

export function openReconciliation(ground: Ground, accept: Accept): Reconciliation {
  return createReconciliation({ ...ground, accept: accept.accept });
}

/** Those whose PBX only posts events: their records are compared without anybody listening. */
export function openUnheardPbxs(
  { listener, locks, clock, log }: Ground,
  { compareUnheard }: Reconciliation,
  loadPbxs: () => Promise<RecordedPbx[]>,
): ReturnType<typeof createUnheardPbxs> {
  return createUnheardPbxs({ loadPbxs, compareUnheard, exclusive: locks.exclusive, listener, clock, log });
}

export function registerGapDoors(
  app: App,
  { database, clock, random, box }: Ground,
  { tenants, toPbxSettings }: Pick<Rooms, "tenants" | "toPbxSettings">,
): void {
  registerPbxCdrRoutes(app, { cdr: createPbxCdr({ database, clock, box }) });
  const audit = (doer: Doer, deed: Omit<Deed, "at">): Promise<void> =>
    database.sql.transaction().execute((on) => writeAudit(on, doer, { ...deed, at: clock.now() }));
  registerGapRoutes(app, { database, clock, loadPbx: tenants.pbxs.show, audit });
  registerTraceRoutes(app, { clock, random, openPbx: tenants.pbxs.open, toSettings: toPbxSettings, audit });
}
