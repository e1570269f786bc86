import { isDeepStrictEqual } from "node:util";
import { AppError, toFieldError } from "../../core/errors.ts";
import type { RowId, TenantId } from "../../core/ids.ts";
import { createCache } from "../../kit/cache.ts";
import type { Clock } from "../../kit/clock.ts";
import type { Database, Sql } from "../../kit/postgres/database.ts";
import type { Listener } from "../../kit/postgres/listener.ts";
import { SealError, type SecretBox } from "../../kit/secret-box.ts";
import type { Administer, Doer } from "../administer.ts";
import type { Trunk } from "../trunk.ts";
import { say } from "../words.ts";
import {
  countTrunks,
  findTrunkUser,
  isNameTaken,
  loadPbxIds,
  loadTrunk,
  loadTrunks,
  removeTrunk,
  type StoredTrunk,
  saveNewTrunk,
  saveTrunk,
} from "./store.ts";

/** What people say of a trunk. The password goes in and never comes out. */
export type TrunkFields = Omit<Trunk, "tenantId" | "id"> & { password: string | null };
/** Without a PBX it is the tenant's only one. */
export type NewTrunkFields = Omit<TrunkFields, "pbxId"> & { pbxId: RowId | null };

/** The lines of a tenant's PBXs to carriers. What Asterisk is told of them is written by trunk-files.ts. */
export interface Trunks {
  /** For the dialer: remembered, and read anew after every change of the tenant's settings. */
  load(tenantId: TenantId, id: RowId): Promise<Trunk | null>;
  list(tenantId: TenantId, page: { afterId: string; rowsMax: number }): Promise<StoredTrunk[]>;
  find(tenantId: TenantId, id: string): Promise<StoredTrunk | null>;
  create(doer: Doer, fields: NewTrunkFields): Promise<StoredTrunk>;
  /** A trunk stays on its PBX. */
  update(doer: Doer, id: string, fields: Partial<Omit<TrunkFields, "pbxId">>): Promise<StoredTrunk>;
  /** Throws `conflict` while a project dials over it. */
  remove(doer: Doer, id: string): Promise<void>;
  stop(): void;
}

export interface TrunksOptions {
  database: Database;
  clock: Clock;
  box: SecretBox;
  listener: Pick<Listener, "on">;
  administer: Administer;
  /** Throws `invalid_field` when the text is not a channel with known placeholders. */
  checkDialTemplate(template: string): void;
  /** Notes, in the transaction of the change, that a PBX's file is not what it should be any more. */
  noteChange(on: Sql, tenantId: TenantId, pbxId: RowId): Promise<void>;
  /** After the commit: writes the file and has the PBX read it. Never rejects: what fails is tried again. */
  publish(tenantId: TenantId, pbxId: RowId): Promise<void>;
}

/** Of a tenant. */
const TRUNKS_MAX = 1_000;
const PASSWORD_FIELD = "trunk_password";
const CACHE = { ttlMs: 30_000, keysMax: 10_000 };

export function createTrunks(options: TrunksOptions): Trunks {
  const { database, clock, box, listener, administer, noteChange, publish } = options;
  const known = createCache<string, Trunk | null>({
    ...{ ...CACHE, clock },
    load: async (key) => {
      const [tenantId = "", id = ""] = key.split(" ");
      return loadTrunk(database.sql, Number(tenantId) as TenantId, id);
    },
  });
  const unsubscribe = listener.on("settings", () => known.forgetAll());
  const seal = (tenantId: TenantId, password: string | null): string | null =>
    password === null ? null : box.seal(password, { tenantId, field: PASSWORD_FIELD });
  const note = async (on: Sql, trunk: StoredTrunk, old: StoredTrunk = trunk): Promise<void> => {
    if (isWritten(trunk) || isWritten(old)) await noteChange(on, trunk.tenantId, trunk.pbxId);
  };

  function toChanged(stored: StoredTrunk, { password, ...given }: Partial<TrunkFields>) {
    const changed = Object.entries(given).filter(
      ([name, value]) => value !== undefined && !isDeepStrictEqual(stored[name as keyof Trunk], value),
    );
    const names = changed.map(([name]) => name);
    const trunk: StoredTrunk = { ...stored, ...Object.fromEntries(changed) };
    if (password !== undefined && !isPasswordOf(box, stored, password)) {
      trunk.sealedPassword = seal(stored.tenantId, password);
      names.push("password");
    }
    return { trunk, names };
  }

  return {
    load: (tenantId, id) => known.get(`${tenantId} ${id}`),
    list: (tenantId, page) => loadTrunks(database.sql, tenantId, page),
    find: (tenantId, id) => loadTrunk(database.sql, tenantId, id),
    create: async (doer, { password, ...fields }) => {
      const { tenantId } = doer;
      const trunk = await administer(doer, async (on, at) => {
        if ((await countTrunks(on, tenantId)) >= TRUNKS_MAX)
          throw new AppError("conflict", say("trunksMax", { max: TRUNKS_MAX }));
        const pbxId = await choosePbx(on, tenantId, fields.pbxId);
        const next = { ...fields, tenantId, pbxId, sealedPassword: seal(tenantId, password) };
        check(next, options);
        const value = await saveNewTrunk(on, next, at);
        if (!value) throw nameTaken(fields.name);
        await note(on, value);
        const detail = { name: value.name, pbx_id: value.pbxId, host: value.account?.host ?? null };
        return { value, deed: { action: "trunk.create", target: `trunk:${value.id}`, detail } };
      });
      if (isWritten(trunk)) await publish(tenantId, trunk.pbxId);
      return trunk;
    },
    update: async (doer, id, fields) => {
      const { old, next } = await administer<{ old: StoredTrunk; next: StoredTrunk }>(doer, async (on, at) => {
        const stored = await loadOrRefuse(on, doer.tenantId, id);
        const { trunk, names } = toChanged(stored, fields);
        if (names.length === 0) return { value: { old: stored, next: stored }, deed: null };
        refuseMovedPassword(stored, trunk, names);
        check(trunk, options);
        if (await isNameTaken(on, trunk)) throw nameTaken(trunk.name);
        const saved = await saveTrunk(on, trunk, at);
        await note(on, saved, stored);
        const deed = { action: "trunk.update", target: `trunk:${id}`, detail: { changed: names } };
        return { value: { old: stored, next: saved }, deed };
      });
      if (next !== old && (isWritten(next) || isWritten(old))) await publish(doer.tenantId, old.pbxId);
      return next;
    },
    remove: async (doer, id) => {
      const trunk = await administer(doer, async (on) => {
        const { tenantId } = doer;
        const value = await loadOrRefuse(on, tenantId, id);
        const user = await findTrunkUser(on, tenantId, id);
        if (user !== null) throw new AppError("conflict", say("trunkUsed", { project: user }));
        await removeTrunk(on, tenantId, id);
        await note(on, value);
        return { value, deed: { action: "trunk.remove", target: `trunk:${id}`, detail: { name: value.name } } };
      });
      if (isWritten(trunk)) await publish(doer.tenantId, trunk.pbxId);
    },
    stop: () => {
      unsubscribe();
      known.stop();
    },
  };
}

/** Whether Asterisk's configuration has a section of it. */
const isWritten = ({ enabled, account }: StoredTrunk): boolean => enabled && account !== null;

/** Rejects with `SealError` when ENLACE_SECRET is another one now. */
export function openPassword(box: SecretBox, { tenantId, sealedPassword }: StoredTrunk): string | null {
  return sealedPassword === null ? null : box.open(sealedPassword, { tenantId, field: PASSWORD_FIELD });
}

function check(trunk: Omit<StoredTrunk, "id" | "createdAt" | "updatedAt">, { checkDialTemplate }: TrunksOptions): void {
  try {
    checkDialTemplate(trunk.dialTemplate);
  } catch (error) {
    throw error instanceof AppError
      ? toFieldError("dial_template", error.fields[0]?.message ?? "is not a channel")
      : error;
  }
  const { account, sealedPassword } = trunk;
  if (sealedPassword !== null && !account?.username) throw toFieldError("password", say("passwordAlone"));
  if (account?.register && !(account.username && sealedPassword))
    throw toFieldError("account.register", say("registerAlone"));
}

/** A stored password goes to no other server or user than those it was given for. */
function refuseMovedPassword(old: StoredTrunk, next: StoredTrunk, names: readonly string[]): void {
  if (next.sealedPassword === null || names.includes("password")) return;
  const isSame = (["host", "port", "username"] as const).every((name) => old.account?.[name] === next.account?.[name]);
  if (!isSame) throw toFieldError("password", say("passwordAgain"));
}

function isPasswordOf(box: SecretBox, trunk: StoredTrunk, password: string | null): boolean {
  try {
    return openPassword(box, trunk) === password;
  } catch (error) {
    if (error instanceof SealError) return false;
    throw error;
  }
}

async function choosePbx(on: Sql, tenantId: TenantId, given: RowId | null): Promise<RowId> {
  const ids = await loadPbxIds(on, tenantId);
  const [only] = ids;
  if (given === null && only !== undefined && ids.length === 1) return only;
  if (given === null) throw toFieldError("pbx_id", say(ids.length === 0 ? "pbxNone" : "pbxSeveral"));
  if (!ids.includes(given)) throw toFieldError("pbx_id", say("pbxUnknown"));
  return given;
}

async function loadOrRefuse(from: Sql, tenantId: TenantId, id: string): Promise<StoredTrunk> {
  const trunk = await loadTrunk(from, tenantId, id);
  if (!trunk) throw new AppError("not_found", say("noTrunk"));
  return trunk;
}

const nameTaken = (name: string): AppError => new AppError("conflict", say("trunkTaken", { name }));
