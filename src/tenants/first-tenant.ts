import { sql } from "kysely";
import type { TenantId } from "../core/ids.ts";
import type { Clock } from "../kit/clock.ts";
import type { Database, Sql } from "../kit/postgres/database.ts";
import { writeAudit } from "./audit/audit.ts";
import { type Language, loadTenantIdByNumber, type NewTenant, saveNewTenant } from "./store.ts";
import type { Passwords } from "./users/passwords.ts";
import { saveNewUser } from "./users/store.ts";

export interface FirstTenant {
  /** Of the first administrator; without one a one-time password is made. Taken as it is: the environment is the owner's. */
  adminPassword: string | undefined;
  name: string;
  timeZone: string;
  country: string;
  language: Language;
}

export interface FirstTenantResult {
  tenantId: TenantId;
  /** Whether this very call made the tenant. */
  isNew: boolean;
  /** The one-time password to show now; it is known to nobody else and must be changed at the first login. */
  oneTimePassword: string | null;
}

export const FIRST_ADMIN = "admin";

/**
 * Makes sure that there is a default tenant with an administrator. There is never a default password: it is given or made.
 * Safe when several processes start at once: one makes them, the others find them.
 */
export async function ensureFirstTenant(
  { database, clock, passwords }: { database: Database; clock: Clock; passwords: Passwords },
  first: FirstTenant,
): Promise<FirstTenantResult> {
  const existing = await loadTenantIdByNumber(database.sql, null);
  if (existing !== null) return { tenantId: existing, isNew: false, oneTimePassword: null };
  const oneTimePassword = first.adminPassword === undefined ? passwords.create() : null;
  const passwordHash = await passwords.hash(first.adminPassword ?? oneTimePassword ?? "");
  return database.sql.transaction().execute(async (transaction) => {
    await sql`select pg_advisory_xact_lock(hashtext('enlace.first-tenant'))`.execute(transaction);
    const byOther = await loadTenantIdByNumber(transaction, null);
    if (byOther !== null) return { tenantId: byOther, isNew: false, oneTimePassword: null };
    const tenantId = await save(transaction, first, {
      passwordHash,
      mustChangePassword: oneTimePassword !== null,
      at: clock.now(),
    });
    return { tenantId, isNew: true, oneTimePassword };
  });
}

async function save(
  transaction: Sql,
  { name, timeZone, country, language }: FirstTenant,
  admin: { passwordHash: string; mustChangePassword: boolean; at: Date },
): Promise<TenantId> {
  const { at, ...password } = admin;
  // The older middleware's senders sign python-json; its users switch by pointing at Enlace.
  const signatureModes = ["raw", "python-json"] as const;
  const row: NewTenant = { number: "1", name, timeZone, country, language, signatureModes, isDefault: true };
  const tenant = await saveNewTenant(transaction, row, at);
  if (!tenant) throw new Error("there is a tenant number 1 that is not the default one");
  const person = { tenantId: tenant.id, username: FIRST_ADMIN, name: "", role: "admin" as const, isOperator: true };
  const user = await saveNewUser(transaction, { ...person, ...password }, at);
  if (!user) throw new Error(`there is a user ${FIRST_ADMIN} already`);
  const doer = { tenantId: tenant.id, actor: "enlace", address: "" };
  await writeAudit(transaction, doer, { action: "tenant.create", target: `tenant:${tenant.id}`, at });
  await writeAudit(transaction, doer, { action: "user.create", target: `user:${user.id}`, at });
  return tenant.id;
}
