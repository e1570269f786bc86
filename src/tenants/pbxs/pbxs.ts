import { AppError, toErrorMessage } from "../../core/errors.ts";
import type { TenantId } from "../../core/ids.ts";
import type { PbxRecord, RecordingPbx, UnheardPbxRecord } from "../../core/pbx-record.ts";
import type { Clock } from "../../kit/clock.ts";
import type { Log } from "../../kit/log.ts";
import type { Database, Sql } from "../../kit/postgres/database.ts";
import { SealError, type SecretBox } from "../../kit/secret-box.ts";
import { type Doer, writeAudit } from "../audit/audit.ts";
import { lockTenant, notifySettings } from "../store.ts";
import { say } from "../words.ts";
import { openCdr } from "./cdr.ts";
import { createPbxChanges, DEFAULT_DIAL, type NewPbxFields, PBXS_MAX, type PbxFields } from "./pbx-changes.ts";
import {
  findClash,
  loadEnvironmentPbx,
  loadPbx,
  loadPbxs,
  loadRecordingPbxs,
  loadRunnablePbxs,
  loadUnheardPbxs,
  type RunnablePbx,
  removePbx,
  type StoredPbx,
} from "./store.ts";

/** AMI_HOST and its companions; `null` where the environment's PBX only posts events (PBX_TOKEN). */
export interface EnvironmentPbx {
  host: string | null;
  port: number;
  username: string | null;
  secret: string | null;
  timeZone?: string | undefined;
}

/** A tenant's PBXs: where they are and how to get in. Listening to them belongs to the room telephony. */
export interface Pbxs {
  list(tenantId: TenantId, page: { afterId: string; rowsMax: number }): Promise<StoredPbx[]>;
  show(tenantId: TenantId, id: string): Promise<StoredPbx>;
  create(doer: Doer, fields: NewPbxFields): Promise<StoredPbx>;
  update(doer: Doer, id: string, fields: Partial<PbxFields>): Promise<StoredPbx>;
  remove(doer: Doer, id: string): Promise<void>;
  /** With its secret opened. Throws `AppError`: `not_found`, or `conflict` when the secret does not open any more. */
  open(tenantId: TenantId, id: string): Promise<PbxRecord>;
  /** Every PBX that is to be listened to, of all tenants. One whose secret does not open is logged and left out. */
  listEnabled(): Promise<PbxRecord[]>;
  /** Every PBX that only posts events and whose call records can be read, of all tenants. */
  listUnheard(): Promise<UnheardPbxRecord[]>;
  /** Every PBX whose recordings can be found, of all tenants. */
  listRecording(): Promise<RecordingPbx[]>;
  /**
   * Keeps the tenant's one PBX that comes from the environment in step with it: made when missing, changed only where a
   * given setting differs, other fields left as people set them. Safe when several processes start at once.
   */
  applyEnvironmentPbx(tenantId: TenantId, given: EnvironmentPbx): Promise<"created" | "updated" | "unchanged">;
  /** What stands before the ids of each PBX's calls, by its name. */
  loadPrefixes(tenantId: TenantId): Promise<ReadonlyMap<string, string>>;
  /** Id of that PBX; `null` when there is none. */
  findEnvironmentPbx(tenantId: TenantId): Promise<string | null>;
}

export interface PbxsOptions {
  database: Database;
  clock: Clock;
  box: SecretBox;
  log: Log;
}

const ENVIRONMENT_NAME = "PBX";
/** Not a prefix: no PBX has it. */
const NO_PREFIX = "?";

export function createPbxs({ database, clock, box, log }: PbxsOptions): Pbxs {
  const changes = createPbxChanges({ clock, box });
  const open = ({ sealedSecret, peers, cdr, ...pbx }: RunnablePbx): PbxRecord => ({
    ...pbx,
    cdr: openCdr(box, pbx.tenantId, cdr),
    secret: changes.unseal({ ...pbx, sealedSecret }),
    extensions: new Map(Object.entries(peers)),
  });

  /** Runs `work` with the tenant locked, so that names and prefixes stay its own. */
  const locked = <T>(tenantId: TenantId, work: (on: Sql) => Promise<T>): Promise<T> =>
    database.sql.transaction().execute(async (on) => {
      await lockTenant(on, tenantId);
      return work(on);
    });

  return {
    list: (tenantId, page) => loadPbxs(database.sql, tenantId, page),
    show: (tenantId, id) => loadOrRefuse(database.sql, tenantId, id),
    create: (doer, fields) => locked(doer.tenantId, (on) => changes.insert(on, doer, { ...fields, origin: "api" })),
    update: (doer, id, fields) =>
      locked(doer.tenantId, async (on) => {
        const old = await loadOrRefuse(on, doer.tenantId, id);
        return (await changes.update(on, doer, { old, fields })).stored;
      }),
    remove: (doer, id) =>
      locked(doer.tenantId, async (on) => {
        const { name } = await loadOrRefuse(on, doer.tenantId, id);
        await removePbx(on, doer.tenantId, id);
        await writeAudit(on, doer, { action: "pbx.remove", target: `pbx:${id}`, detail: { name }, at: clock.now() });
        await notifySettings(on, doer.tenantId);
      }),
    open: async (tenantId, id) => {
      const [found] = await loadRunnablePbxs(database.sql, { tenantId, id });
      if (!found) {
        await loadOrRefuse(database.sql, tenantId, id);
        throw new AppError("conflict", say("pbxWithoutAmi"));
      }
      try {
        return open(found);
      } catch (error) {
        if (!(error instanceof SealError)) throw error;
        throw new AppError("conflict", say("pbxSecretBroken", { error: error.message }));
      }
    },
    loadPrefixes: async (tenantId) => {
      const all = await loadPbxs(database.sql, tenantId, { afterId: "0", rowsMax: PBXS_MAX });
      return new Map(all.map(({ name, callIdPrefix }) => [name, callIdPrefix]));
    },
    findEnvironmentPbx: async (tenantId) => (await loadEnvironmentPbx(database.sql, tenantId))?.id ?? null,
    listRecording: () => loadRecordingPbxs(database.sql),
    listEnabled: async () =>
      (await loadRunnablePbxs(database.sql, null)).flatMap((pbx) => {
        try {
          return [open(pbx)];
        } catch (error) {
          if (!(error instanceof SealError)) throw error;
          log.error({ tenantId: pbx.tenantId, pbx: pbx.id, reason: toErrorMessage(error) }, "pbx.secret_does_not_open");
          return [];
        }
      }),
    listUnheard: async () =>
      (await loadUnheardPbxs(database.sql)).map(({ peers, cdr, ...pbx }) => ({
        ...pbx,
        cdr: openCdr(box, pbx.tenantId, cdr),
        extensions: new Map(Object.entries(peers)),
      })),
    applyEnvironmentPbx: (tenantId, given) =>
      locked(tenantId, async (on) => {
        const doer = { tenantId, actor: "enlace", address: "" };
        const fields = withoutUndefined(given);
        const old = await loadEnvironmentPbx(on, tenantId);
        if (old) {
          const { names } = await changes.update(on, doer, { old, fields });
          return names.length > 0 ? "updated" : "unchanged";
        }
        const name = await chooseName(on, tenantId, given);
        const fixed = { tls: false, tlsCa: null, trunks: [], dial: DEFAULT_DIAL, recordings: null, enabled: true };
        await changes.insert(on, doer, { name, ...fixed, ...fields, origin: "environment" });
        return "created";
      }),
  };
}

async function loadOrRefuse(from: Sql, tenantId: TenantId, id: string): Promise<StoredPbx> {
  const found = await loadPbx(from, tenantId, id);
  if (!found) throw pbxNotFound();
  return found;
}

const pbxNotFound = (): AppError => new AppError("not_found", say("noPbx"));

/** People may have taken the usual name: that must not keep Enlace from starting. */
async function chooseName(on: Sql, tenantId: TenantId, { host }: EnvironmentPbx): Promise<string> {
  const clash = await findClash(on, { tenantId, id: null, name: ENVIRONMENT_NAME, callIdPrefix: NO_PREFIX });
  return clash === null ? ENVIRONMENT_NAME : `${ENVIRONMENT_NAME} ${host ?? "of the environment"}`.slice(0, 60);
}

function withoutUndefined(given: EnvironmentPbx): Omit<EnvironmentPbx, "timeZone"> & { timeZone?: string } {
  const { timeZone, ...rest } = given;
  return timeZone === undefined ? rest : { ...rest, timeZone };
}
