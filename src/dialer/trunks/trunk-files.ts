import { chmod, open, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { AppError, toErrorMessage, toFieldError } from "../../core/errors.ts";
import type { RowId, TenantId } from "../../core/ids.ts";
import type { Sentence } from "../../core/sentence.ts";
import type { Clock } from "../../kit/clock.ts";
import type { Log } from "../../kit/log.ts";
import { createLoop } from "../../kit/loop.ts";
import type { Database, Sql } from "../../kit/postgres/database.ts";
import type { Locks } from "../../kit/postgres/locks.ts";
import type { Random } from "../../kit/random.ts";
import type { SecretBox } from "../../kit/secret-box.ts";
import type { Administer, Doer } from "../administer.ts";
import { say } from "../words.ts";
import {
  loadDueTrunkFiles,
  loadTrunkFile,
  noteTrunkChange,
  removeTrunkFile,
  saveTrunkFile,
  settleTrunkFile,
  type TrunkFile,
  type TrunkFileFields,
} from "./file-store.ts";
import { type OpenTrunk, toPjsipText } from "./pjsip.ts";
import { hasPbx, loadWrittenTrunks } from "./store.ts";
import { openPassword } from "./trunks.ts";

/*
 * One file of PJSIP objects for each PBX whose trunks Enlace writes:
 *
 *   settled ── a trunk changes, in its transaction ──▶ due ── written, read by the PBX, every endpoint there ──▶ settled
 *                                                       ▲ └─ anything goes wrong: its sentence is kept
 *                                                       └─────── tried again, every half minute ──────┘
 */
export interface TrunkFiles {
  show(tenantId: TenantId, pbxId: string): Promise<TrunkFile | null>;
  /** Where the file goes; `null` empties the last one and writes no more. Throws `invalid_field` when it cannot be written there. */
  set(doer: Doer, pbxId: string, fields: TrunkFileFields | null): Promise<TrunkFile | null>;
  /** In the transaction of a change. A PBX without a folder has its trunks from elsewhere. */
  noteChange(on: Sql, tenantId: TenantId, pbxId: RowId): Promise<void>;
  /** Writes what is due and has the PBX read it, once for all changes up to now. Never rejects. */
  publish(tenantId: TenantId, pbxId: RowId): Promise<void>;
  start(): void;
  stop(): Promise<void>;
}

export interface TrunkFilesOptions {
  database: Database;
  clock: Clock;
  random: Random;
  log: Log;
  box: SecretBox;
  locks: Pick<Locks, "exclusive">;
  administer: Administer;
  /** Resolves with the endpoints that the PBX does not know afterwards. */
  reload(tenantId: TenantId, pbxId: RowId, endpoints: readonly string[]): Promise<readonly string[]>;
}

const RETRY_MS = 30_000;

/** `enlace-trunks-3.conf`: several PBXs of one machine may share a folder. */
export function toFileName(pbxId: string): string {
  return `enlace-trunks-${pbxId}.conf`;
}

export function createTrunkFiles(options: TrunkFilesOptions): TrunkFiles {
  const { database, clock, log, locks, administer, reload, random } = options;
  const stopping = new AbortController();
  const write = (folder: string, name: string, text: string) => replaceFile(join(folder, name), { text, random });

  /** Two processes never write one file at once: the later text would be the older one. */
  const publishNow = (tenantId: TenantId, pbxId: RowId): Promise<void> =>
    locks.exclusive(`trunks:${pbxId}`, stopping.signal, async () => {
      const file = await loadTrunkFile(database.sql, tenantId, pbxId);
      if (!file || !isDue(file)) return;
      const problem = await publishFile(file).catch(toProblem);
      await settleTrunkFile(database.sql, file, problem);
      const outcome = problem?.text ?? "settled";
      log[problem === null ? "info" : "warn"]({ tenantId, pbx: pbxId, outcome }, "trunks.published");
    });

  /** What is wrong, or `null`. */
  async function publishFile({ tenantId, pbxId, folder, reload: by }: TrunkFile): Promise<Sentence | null> {
    const trunks = await loadOpenTrunks(options, tenantId, pbxId);
    await write(folder, toFileName(pbxId), toPjsipText(trunks));
    if (by === "pbx") return null;
    const missing = await reload(
      tenantId,
      pbxId,
      trunks.map(({ name }) => name),
    );
    return missing.length === 0 ? null : say("unknownAfterReload", { names: missing });
  }

  const publish: TrunkFiles["publish"] = (tenantId, pbxId) =>
    publishNow(tenantId, pbxId).catch((error: unknown) => {
      if (!stopping.signal.aborted)
        log.warn({ tenantId, pbx: pbxId, reason: toErrorMessage(error) }, "trunks.not_published");
    });
  const loop = createLoop({
    ...{ name: "trunks", everyMs: RETRY_MS, clock, log },
    work: async () => {
      for (const { tenantId, pbxId } of await loadDueTrunkFiles(database.sql)) await publish(tenantId, pbxId);
    },
  });

  return {
    show: async (tenantId, pbxId) => {
      await requirePbx(database.sql, tenantId, pbxId as RowId);
      return loadTrunkFile(database.sql, tenantId, pbxId);
    },
    set: async (doer, pbxId, fields) => {
      const { tenantId } = doer;
      await requirePbx(database.sql, tenantId, pbxId as RowId);
      const old = await loadTrunkFile(database.sql, tenantId, pbxId);
      if (fields) await checkFolder(fields.folder, random);
      await administer(doer, async (on, at) => {
        if (fields) await saveTrunkFile(on, { tenantId, pbxId, ...fields, at });
        else await removeTrunkFile(on, tenantId, pbxId);
        const detail = { folder: fields?.folder ?? null };
        return { value: undefined, deed: { action: "pbx.trunk_file", target: `pbx:${pbxId}`, detail } };
      });
      if (old && old.folder !== fields?.folder)
        await write(old.folder, toFileName(pbxId), toPjsipText([])).catch((error: unknown) =>
          log.warn({ pbx: pbxId, reason: toErrorMessage(error) }, "trunks.old_file_left"),
        );
      await publish(tenantId, pbxId as RowId);
      return loadTrunkFile(database.sql, tenantId, pbxId);
    },
    noteChange: (on, tenantId, pbxId) => noteTrunkChange(on, { tenantId, pbxId, at: clock.now() }),
    publish,
    start: loop.start,
    stop: async () => {
      stopping.abort();
      await loop.stop();
    },
  };
}

const isDue = ({ changedAt, publishedAt }: TrunkFile): boolean => publishedAt === null || publishedAt < changedAt;

async function loadOpenTrunks(
  { database, box }: TrunkFilesOptions,
  tenantId: TenantId,
  pbxId: string,
): Promise<OpenTrunk[]> {
  const stored = await loadWrittenTrunks(database.sql, tenantId, pbxId);
  return stored.flatMap((trunk) =>
    trunk.account ? [{ name: trunk.name, account: trunk.account, password: openPassword(box, trunk) }] : [],
  );
}

/** Asterisk sees the file as it was or as it is to be. Passwords are in it: its folder's group may read it, others not. */
async function replaceFile(path: string, { text, random }: { text: string; random: Random }): Promise<void> {
  const staged = `${path}.${random.uuid()}.tmp`;
  try {
    const file = await open(staged, "wx", 0o640);
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await chmod(staged, 0o640); // whatever the umask took away
    await rename(staged, path);
  } catch (error) {
    await rm(staged, { force: true });
    throw error;
  }
}

async function checkFolder(folder: string, random: Random): Promise<void> {
  const probe = join(folder, "enlace-probe");
  try {
    if (!(await stat(folder)).isDirectory()) throw new Error(`${folder} is not a folder`);
    await replaceFile(probe, { text: "", random });
    await rm(probe);
  } catch (error) {
    throw toFieldError("folder", say("folderUnwritable", { error: toErrorMessage(error) }));
  }
}

/** A refusal of the PBX or of ours says which sentence it is; an error of the machine has its own words. */
function toProblem(error: unknown): Sentence {
  const text = toErrorMessage(error);
  if (error instanceof AppError && error.words) return { text, ...error.words };
  return say("trunkFileFailed", { error: text });
}

async function requirePbx(from: Sql, tenantId: TenantId, pbxId: RowId): Promise<void> {
  if (!(await hasPbx(from, tenantId, pbxId))) throw new AppError("not_found", say("noPbx"));
}
