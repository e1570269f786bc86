import { AppError } from "../core/errors.ts";
import type { TenantId } from "../core/ids.ts";
import type { Clock } from "../kit/clock.ts";
import type { Database } from "../kit/postgres/database.ts";
import { type Doer, writeAudit } from "./audit/audit.ts";
import {
  loadTenantById,
  lockTenant,
  type NewTenant,
  notifySettings,
  saveNewTenant,
  saveTenant,
  type Tenant,
  type TenantFields,
} from "./store.ts";
import { type Passwords, refuseWeakPassword } from "./users/passwords.ts";
import { saveNewUser } from "./users/store.ts";
import { say } from "./words.ts";

/** Making and changing tenants. Each change stands in the log of the tenant it changed. */
export interface Administration {
  create(doer: Doer, request: TenantRequest): Promise<{ tenant: Tenant; oneTimePassword: string | null }>;
  /** Throws `not_found`; `conflict` for disabling the default or one's own tenant. */
  update(doer: Doer, id: TenantId, change: TenantChange): Promise<Tenant>;
}

export interface TenantRequest extends Omit<NewTenant, "isDefault"> {
  admin: { username: string; password: string | undefined } | undefined;
}

export type TenantChange = { [F in keyof Omit<TenantFields, "disabledAt">]?: TenantFields[F] | undefined } & {
  isDisabled?: boolean | undefined;
};

export interface AdministrationOptions {
  database: Database;
  clock: Clock;
  passwords: Passwords;
  forget(id: TenantId): void;
}

export function createAdministration({ database, clock, passwords, forget }: AdministrationOptions): Administration {
  return {
    create: async (doer, { admin, ...fields }) => {
      if (admin?.password !== undefined) refuseWeakPassword(admin.password, admin.username, "admin.password");
      const oneTimePassword = admin && admin.password === undefined ? passwords.create() : null;
      const passwordHash = await passwords.hash(admin?.password ?? oneTimePassword ?? "");
      const tenant = await database.sql.transaction().execute(async (transaction) => {
        const at = clock.now();
        const made = await saveNewTenant(transaction, { ...fields, isDefault: false }, at);
        if (!made) throw new AppError("conflict", say("tenantTaken", { number: fields.number }));
        const target = `tenant:${made.id}`;
        const itsLog = { ...doer, tenantId: made.id };
        await writeAudit(transaction, itsLog, { action: "tenant.create", target, detail: { number: made.number }, at });
        if (admin) {
          const { username } = admin;
          const person = { tenantId: made.id, username, name: "", role: "admin" as const, isOperator: false };
          const mustChangePassword = oneTimePassword !== null;
          const user = await saveNewUser(transaction, { ...person, passwordHash, mustChangePassword }, at);
          if (!user) throw new AppError("conflict", say("usernameTaken", { username }));
          const detail = { username, role: "admin" };
          await writeAudit(transaction, itsLog, { action: "user.create", target: `user:${user.id}`, detail, at });
        }
        await notifySettings(transaction, made.id);
        return made;
      });
      return { tenant, oneTimePassword };
    },
    update: async (doer, id, { isDisabled, ...change }) => {
      const tenant = await database.sql.transaction().execute(async (transaction) => {
        const at = clock.now();
        await lockTenant(transaction, id);
        const before = await loadTenantById(transaction, id);
        if (!before) throw new AppError("not_found", say("noTenant"));
        if (isDisabled && (before.isDefault || id === doer.tenantId)) throw new AppError("conflict", say("tenantKept"));
        const disabledAt = isDisabled === undefined ? before.disabledAt : isDisabled ? (before.disabledAt ?? at) : null;
        const after = await saveTenant(transaction, merge(before, change, disabledAt), at);
        const detail = { ...change, ...(isDisabled !== undefined && { is_disabled: isDisabled }) };
        const itsLog = { ...doer, tenantId: id };
        await writeAudit(transaction, itsLog, { action: "tenant.update", target: `tenant:${id}`, detail, at });
        await notifySettings(transaction, id);
        return after;
      });
      forget(id);
      return tenant;
    },
  };
}

function merge(tenant: Tenant, change: Omit<TenantChange, "isDisabled">, disabledAt: Date | null): Tenant {
  return {
    ...tenant,
    name: change.name ?? tenant.name,
    timeZone: change.timeZone ?? tenant.timeZone,
    country: change.country ?? tenant.country,
    language: change.language ?? tenant.language,
    signatureModes: change.signatureModes ?? tenant.signatureModes,
    disabledAt,
  };
}
