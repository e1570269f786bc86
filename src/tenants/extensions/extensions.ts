import { AppError, toFieldError } from "../../core/errors.ts";
import type { RowId, TenantId } from "../../core/ids.ts";
import type { Clock } from "../../kit/clock.ts";
import type { Database } from "../../kit/postgres/database.ts";
import { type Doer, writeAudit } from "../audit/audit.ts";
import { lockTenant, notifySettings } from "../store.ts";
import { loadUser } from "../users/store.ts";
import { say } from "../words.ts";
import {
  countExtensions,
  type Extension,
  type ExtensionFields,
  findPeerOwner,
  loadExtension,
  loadExtensions,
  loadExtensionsOf,
  removeExtension,
  saveExtension,
} from "./store.ts";

/** The phones of a tenant: which peers of its PBXs are which extension, and whose they are. */
export interface Extensions {
  list(tenantId: TenantId, page: { afterNumber: string; rowsMax: number }): Promise<Extension[]>;
  /** `null` when the tenant has no such extension. */
  find(tenantId: TenantId, number: string): Promise<Extension | null>;
  /** Numbers of a person's extensions, at most 100. */
  listOf(tenantId: TenantId, userId: RowId): Promise<string[]>;
  /** Makes it, or replaces it whole. */
  set(doer: Doer, fields: ExtensionFields): Promise<Extension>;
  remove(doer: Doer, number: string): Promise<void>;
}

const EXTENSIONS_MAX = 10_000;

export function createExtensions({ database, clock }: { database: Database; clock: Clock }): Extensions {
  return {
    list: (tenantId, page) => loadExtensions(database.sql, tenantId, page),
    find: (tenantId, number) => loadExtension(database.sql, tenantId, number),
    listOf: (tenantId, userId) => loadExtensionsOf(database.sql, tenantId, userId),
    set: (doer, fields) =>
      database.sql.transaction().execute(async (on) => {
        const { tenantId } = doer;
        const { number, peers, userId } = fields;
        await lockTenant(on, tenantId);
        const owner = await findPeerOwner(on, tenantId, fields);
        if (owner !== null) throw toFieldError("peers", say("peerTaken", { number: owner }));
        if (userId !== null && !(await loadUser(on, { tenantId, id: userId })))
          throw toFieldError("user_id", say("unknownUser"));
        const isNew = (await loadExtension(on, tenantId, number)) === null;
        if (isNew && (await countExtensions(on, tenantId)) >= EXTENSIONS_MAX)
          throw new AppError("conflict", say("extensionsMax", { max: EXTENSIONS_MAX }));
        const at = clock.now();
        const stored = await saveExtension(on, tenantId, { ...fields, at });
        const action = isNew ? "extension.create" : "extension.update";
        const detail = { peers, name: fields.name, user_id: userId };
        await writeAudit(on, doer, { action, target: `extension:${number}`, detail, at });
        await notifySettings(on, tenantId);
        return stored;
      }),
    remove: (doer, number) =>
      database.sql.transaction().execute(async (on) => {
        await lockTenant(on, doer.tenantId);
        if (!(await removeExtension(on, doer.tenantId, number))) throw new AppError("not_found", say("noExtension"));
        await writeAudit(on, doer, { action: "extension.remove", target: `extension:${number}`, at: clock.now() });
        await notifySettings(on, doer.tenantId);
      }),
  };
}
