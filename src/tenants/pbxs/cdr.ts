import { sql } from "kysely";
import { AppError, toFieldError } from "../../core/errors.ts";
import type { TenantId } from "../../core/ids.ts";
import type { CdrSettings } from "../../core/pbx-record.ts";
import type { Clock } from "../../kit/clock.ts";
import type { Database } from "../../kit/postgres/database.ts";
import { SealError, type SecretBox } from "../../kit/secret-box.ts";
import { type Doer, writeAudit } from "../audit/audit.ts";
import { lockTenant, notifySettings } from "../store.ts";
import { say } from "../words.ts";

/** Where a PBX keeps its call detail records: what comparing them with our calls needs to know. */
export interface PbxCdr {
  /** Throws `not_found`. */
  show(tenantId: TenantId, id: string): Promise<StoredCdr>;
  /** Without a password the stored one stays. Throws `not_found`, `invalid_field` when there is none to stay. */
  set(doer: Doer, id: string, given: GivenCdr): Promise<StoredCdr>;
}

type Mysql = Extract<CdrSettings, { kind: "mysql" }>;
type WithoutPassword = Exclude<CdrSettings, Mysql> | Omit<Mysql, "password">;
/** As stored: the password is sealed. */
export type StoredCdr = Exclude<CdrSettings, Mysql> | (Omit<Mysql, "password"> & { sealedPassword: string });
export type GivenCdr = WithoutPassword & { password?: string };

const FIELD = "pbx_cdr_password";

export function createPbxCdr({ database, clock, box }: { database: Database; clock: Clock; box: SecretBox }): PbxCdr {
  return {
    show: (tenantId, id) => load(database.sql, tenantId, id),
    set: ({ tenantId, ...by }, id, given) =>
      database.sql.transaction().execute(async (on) => {
        await lockTenant(on, tenantId);
        const cdr = seal(box, tenantId, { given, old: await load(on, tenantId, id) });
        const at = clock.now();
        await sql`update pbxs set cdr = ${JSON.stringify(cdr)}::jsonb, updated_at = ${at}
                   where tenant_id = ${tenantId} and id = ${id}`.execute(on);
        const detail = { kind: cdr.kind, ...(cdr.kind === "mysql" ? { host: cdr.host } : {}) };
        await writeAudit(on, { tenantId, ...by }, { action: "pbx.cdr", target: `pbx:${id}`, detail, at });
        await notifySettings(on, tenantId);
        return cdr;
      }),
  };
}

async function load(from: Database["sql"], tenantId: TenantId, id: string): Promise<StoredCdr> {
  const { rows } = await sql<{ cdr: StoredCdr }>`
    select cdr from pbxs where tenant_id = ${tenantId} and id = ${id}`.execute(from);
  if (!rows[0]) throw new AppError("not_found", say("noPbx"));
  return rows[0].cdr;
}

/** A stored password goes to no other server or account than the one it was given for. */
function seal(box: SecretBox, tenantId: TenantId, { given, old }: { given: GivenCdr; old: StoredCdr }): StoredCdr {
  const { password, ...rest } = given;
  if (rest.kind !== "mysql") return rest;
  if (password !== undefined) return { ...rest, sealedPassword: box.seal(password, { tenantId, field: FIELD }) };
  const isSame = old.kind === "mysql" && (["host", "port", "user"] as const).every((name) => old[name] === rest[name]);
  if (isSame) return { ...rest, sealedPassword: old.sealedPassword };
  throw toFieldError("password", say("cdrPassword"));
}

/** A password that does not open (another ENLACE_SECRET) leaves the PBX without records, not without its calls. */
export function openCdr(box: SecretBox, tenantId: TenantId, stored: StoredCdr): CdrSettings {
  if (stored.kind !== "mysql") return stored;
  const { sealedPassword, ...rest } = stored;
  try {
    return { ...rest, password: box.open(sealedPassword, { tenantId, field: FIELD }) };
  } catch (error) {
    if (!(error instanceof SealError)) throw error;
    return { ...rest, password: "" }; // the server refuses it, and the gap report says so
  }
}
