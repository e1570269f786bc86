import { isDeepStrictEqual } from "node:util";
import { AppError, toFieldError } from "../../core/errors.ts";
import type { TenantId } from "../../core/ids.ts";
import type { DialSettings, RecordingPlaces } from "../../core/pbx-record.ts";
import type { Clock } from "../../kit/clock.ts";
import type { Sql } from "../../kit/postgres/database.ts";
import { SealError, type SecretBox } from "../../kit/secret-box.ts";
import { type Doer, writeAudit } from "../audit/audit.ts";
import { loadTenantById, notifySettings } from "../store.ts";
import { say } from "../words.ts";
import { countPbxs, findClash, type StoredPbx, saveNewPbx, savePbx } from "./store.ts";

export interface PbxFields {
  name: string;
  /** `null` for `host`, `username` and `secret`: no AMI, it only posts events. */
  host: string | null;
  port: number;
  tls: boolean;
  tlsCa: string | null;
  username: string | null;
  secret: string | null;
  timeZone: string;
  callIdPrefix: string;
  trunks: readonly string[];
  dial: DialSettings;
  recordings: RecordingPlaces | null;
  enabled: boolean;
}

/** The time zone is the tenant's, the prefix one that no other PBX of the tenant has, unless given. */
export type NewPbxFields = Omit<PbxFields, "timeZone" | "callIdPrefix"> &
  Partial<Pick<PbxFields, "timeZone" | "callIdPrefix">>;

/** Of a tenant. */
export const PBXS_MAX = 100;
const FIELD = "pbx_secret";
export const DEFAULT_DIAL: DialSettings = {
  extension: "PJSIP/$" + "{extension}",
  context: "from-internal",
  number: "$" + "{number}",
  form: "local",
};

/** What happens to a PBX inside the transaction that changes it. Lock the tenant first. */
export interface PbxChanges {
  insert(on: Sql, doer: Doer, given: NewPbxFields & { origin: StoredPbx["origin"] }): Promise<StoredPbx>;
  /** Saves what differs. Returns what is stored then, and the names of what really changed. */
  update(
    on: Sql,
    doer: Doer,
    change: { old: StoredPbx; fields: Partial<PbxFields> },
  ): Promise<{ stored: StoredPbx; names: string[] }>;
  /** Throws `SealError` when ENLACE_SECRET is not the one it was sealed with. */
  unseal(pbx: { tenantId: TenantId; sealedSecret: string }): string;
}

export function createPbxChanges({ clock, box }: { clock: Clock; box: SecretBox }): PbxChanges {
  const unseal: PbxChanges["unseal"] = ({ tenantId, sealedSecret }) =>
    box.open(sealedSecret, { tenantId, field: FIELD });
  const seal = (tenantId: TenantId, secret: string | null): string | null =>
    secret === null ? null : box.seal(secret, { tenantId, field: FIELD });

  async function insert(on: Sql, doer: Doer, given: NewPbxFields & { origin: StoredPbx["origin"] }) {
    const { tenantId } = doer;
    if ((await countPbxs(on, tenantId)) >= PBXS_MAX) throw new AppError("conflict", say("pbxsMax", { max: PBXS_MAX }));
    const { secret, ...fields } = given;
    const timeZone = fields.timeZone ?? (await loadTenantById(on, tenantId))?.timeZone ?? "UTC";
    const callIdPrefix = fields.callIdPrefix ?? (await choosePrefix(on, tenantId, fields.name));
    const sealedSecret = seal(tenantId, secret);
    const pbx = { ...fields, tenantId, timeZone, callIdPrefix, sealedSecret };
    refuseHalfAmi(pbx);
    await refuseClash(on, { ...pbx, id: null });
    const at = clock.now();
    const stored = await saveNewPbx(on, pbx, at);
    const detail = { name: pbx.name, host: pbx.host, origin: pbx.origin };
    await writeAudit(on, doer, { action: "pbx.create", target: `pbx:${stored.id}`, detail, at });
    await notifySettings(on, tenantId);
    return stored;
  }

  async function update(on: Sql, doer: Doer, { old, fields }: { old: StoredPbx; fields: Partial<PbxFields> }) {
    const { secret, ...rest } = fields;
    const given = Object.entries(rest).filter(([, value]) => value !== undefined);
    const changed = given.filter(([key, value]) => !isDeepStrictEqual(old[key as keyof StoredPbx], value));
    const names = changed.map(([key]) => key);
    const next: StoredPbx = { ...old, ...Object.fromEntries(changed) };
    if (secret !== undefined && !isSecretOf(old, secret)) {
      next.sealedSecret = seal(old.tenantId, secret);
      names.push("secret");
    }
    if (names.length === 0) return { stored: old, names };
    refuseHalfAmi(next);
    await refuseClash(on, next);
    const at = clock.now();
    const stored = await savePbx(on, next, at);
    await writeAudit(on, doer, { action: "pbx.update", target: `pbx:${old.id}`, detail: { changed: names }, at });
    await notifySettings(on, old.tenantId);
    return { stored, names };
  }

  /** One that does not open (another ENLACE_SECRET now) is not the same: it is replaced. */
  function isSecretOf({ tenantId, sealedSecret }: StoredPbx, secret: string | null): boolean {
    if (sealedSecret === null || secret === null) return sealedSecret === secret;
    try {
      return unseal({ tenantId, sealedSecret }) === secret;
    } catch (error) {
      if (error instanceof SealError) return false;
      throw error;
    }
  }

  return { insert, update, unseal };
}

/** The first one of a tenant needs none; others take their name, so that people can tell their calls apart. */
async function choosePrefix(on: Sql, tenantId: TenantId, name: string): Promise<string> {
  const isFree = (await findClash(on, { tenantId, id: null, name: "", callIdPrefix: "" })) === null;
  return isFree ? "" : `${name.replaceAll(/[^A-Za-z0-9.]+/g, "-").slice(0, 30)}:`;
}

/** Address, user and secret are there together, or none of them is. */
function refuseHalfAmi({ host, username, sealedSecret }: Pick<StoredPbx, "host" | "username" | "sealedSecret">): void {
  const missing = Object.entries({ host, username, secret: sealedSecret }).find(([, value]) => value === null);
  if (missing && (host ?? username ?? sealedSecret) !== null) throw toFieldError(missing[0], say("pbxHalf"));
}

async function refuseClash(on: Sql, pbx: Parameters<typeof findClash>[1]): Promise<void> {
  const clash = await findClash(on, pbx);
  if (clash === "name") throw new AppError("conflict", say("pbxNameTaken", { name: pbx.name }));
  if (clash) throw toFieldError(clash, say("pbxClash"));
}
