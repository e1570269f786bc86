import { sql } from "kysely";
import { type TenantId, toTenantId } from "../core/ids.ts";
import type { Sql } from "../kit/postgres/database.ts";

export type Language = "es" | "en" | "ru";
export type SignatureMode = "raw" | "python-json";

/** One customer of the installation, with its own calls, people and connections. */
export interface Tenant {
  id: TenantId;
  /** Its name on the wire; never changes. */
  number: string;
  name: string;
  /** IANA zone. */
  timeZone: string;
  /** ISO 3166-1 alpha-2, upper-case. */
  country: string;
  language: Language;
  signatureModes: readonly SignatureMode[];
  isDefault: boolean;
  /** Since when nobody may act for it any more. */
  disabledAt: Date | null;
  createdAt: Date;
  updatedAt: Date;
}

export type TenantFields = Pick<Tenant, "name" | "timeZone" | "country" | "language" | "signatureModes" | "disabledAt">;

const COLUMNS = sql`id, number, name, time_zone as "timeZone", country, language, signature_modes as "signatureModes",
  is_default as "isDefault", disabled_at as "disabledAt", created_at as "createdAt", updated_at as "updatedAt"`;

export async function loadTenantById(from: Sql, id: TenantId): Promise<Tenant | null> {
  const { rows } = await sql<Tenant>`select ${COLUMNS} from tenants where id = ${id}`.execute(from);
  return rows[0] ?? null;
}

/** `null` names the default tenant. */
export async function loadTenantIdByNumber(from: Sql, number: string | null): Promise<TenantId | null> {
  const { rows } = await sql<{ id: number }>`
    select id from tenants where ${number === null ? sql`is_default` : sql`number = ${number}`}`.execute(from);
  return rows[0] ? toTenantId(rows[0].id) : null;
}

export async function loadTenants(from: Sql, afterId: number, rowsMax: number): Promise<Tenant[]> {
  const { rows } = await sql<Tenant>`
    select ${COLUMNS} from tenants where id > ${afterId} order by id limit ${rowsMax}`.execute(from);
  return rows;
}

export type NewTenant = Omit<TenantFields, "disabledAt"> & { number: string; isDefault: boolean };

/** `null` when the number is taken. */
export async function saveNewTenant(transaction: Sql, tenant: NewTenant, at: Date): Promise<Tenant | null> {
  const { rows } = await sql<Tenant>`
    insert into tenants (number, name, time_zone, country, language, signature_modes, is_default, created_at, updated_at)
    values (${tenant.number}, ${tenant.name}, ${tenant.timeZone}, ${tenant.country}, ${tenant.language},
            ${[...tenant.signatureModes]}, ${tenant.isDefault}, ${at}, ${at})
    on conflict (number) do nothing returning ${COLUMNS}`.execute(transaction);
  return rows[0] ?? null;
}

export async function saveTenant(transaction: Sql, tenant: Tenant, at: Date): Promise<Tenant> {
  const { rows } = await sql<Tenant>`
    update tenants set name = ${tenant.name}, time_zone = ${tenant.timeZone}, country = ${tenant.country},
           language = ${tenant.language}, signature_modes = ${[...tenant.signatureModes]},
           disabled_at = ${tenant.disabledAt}, updated_at = ${at}
     where id = ${tenant.id} returning ${COLUMNS}`.execute(transaction);
  if (!rows[0]) throw new Error(`tenant ${tenant.id} is gone`);
  return rows[0];
}

/** Waits until nobody else changes the tenant or its people: what is read afterwards stays true until the commit. */
export async function lockTenant(transaction: Sql, id: TenantId): Promise<void> {
  await sql`select from tenants where id = ${id} for update`.execute(transaction);
}

/** Tells every process, at the commit, that this tenant's settings, secrets or connections are different now. */
export async function notifySettings(transaction: Sql, id: TenantId): Promise<void> {
  await sql`select pg_notify('settings', ${String(id)})`.execute(transaction);
}
