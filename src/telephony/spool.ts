import { chmod, chown, open, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { AppError } from "../core/errors.ts";
import type { Random } from "../kit/random.ts";

/*
 * Call files: the fallback for a PBX on the same host that offers no AMI originate. Asterisk starts a file the moment it
 * appears, so it is written elsewhere on the same file system and renamed. There is no result event and no rate limit:
 * AMI (originate.ts) is better wherever it can be had.
 */

export interface CallFile {
  /** `PJSIP/34600000001@trunk`, `Local/101@from-internal`. */
  channel: string;
  context: string;
  extension: string;
  /** Default 1. */
  priority?: number;
  callerId?: string;
  account?: string;
  /** Further attempts after the first; default 0. */
  retriesMax?: number;
  retrySeconds?: number;
  /** How long it may ring; default 45. */
  waitSeconds?: number;
  variables?: Readonly<Record<string, string>>;
  /** Keep it in `outgoing_done` with `Status: Completed | Expired | Failed`. */
  archive?: boolean;
  /** Asterisk waits until then; at once when absent. */
  startAt?: Date;
}

export interface SpoolOptions {
  /** `/var/spool/asterisk/outgoing` */
  outgoing: string;
  /** A folder on the same file system that Asterisk does not watch: `/var/spool/asterisk/tmp`. */
  staging: string;
  /**
   * Whom the files belong to. Asterisk deletes a file it cannot read and cannot reschedule one it cannot touch, so it must
   * own it (we then need the right to give files away); without an owner the files are writable by everyone.
   */
  owner?: { uid: number; gid: number };
  random: Random;
}

export interface Spool {
  /** Rejects with a sentence when files could not be moved from staging to outgoing in one step. */
  check(): Promise<void>;
  /** Hands a call to Asterisk and resolves with the file's name. Throws `AppError("invalid_field")` on bad values. */
  put(call: CallFile): Promise<string>;
}

/** Where Asterisk keeps them, below its own spool folder. */
export function toSpoolFolders(folder: string): Pick<SpoolOptions, "outgoing" | "staging"> {
  return { outgoing: join(folder, "outgoing"), staging: join(folder, "tmp") };
}

/** Rejects with a sentence when calls cannot be handed over below this folder of this machine. */
export function createFolderCheck(random: Random): (folder: string) => Promise<void> {
  return (folder) => createSpool({ ...toSpoolFolders(folder), random }).check();
}

export function createSpool({ outgoing, staging, owner, random }: SpoolOptions): Spool {
  async function stage(path: string, text: string, startAt: Date | undefined): Promise<void> {
    const file = await open(path, "wx", owner ? 0o640 : 0o666);
    try {
      await file.writeFile(text);
      await file.sync();
      if (startAt) await file.utimes(startAt, startAt);
    } finally {
      await file.close();
    }
    if (owner) await chown(path, owner.uid, owner.gid);
    else await chmod(path, 0o666); // whatever the umask took away
  }

  return {
    check: async () => {
      const [from, to] = await Promise.all([stat(staging), stat(outgoing)]);
      if (!from.isDirectory() || !to.isDirectory()) throw new Error(`${staging} and ${outgoing} must be folders`);
      if (from.dev !== to.dev) throw new Error(`${staging} and ${outgoing} are not on the same file system`);
    },
    put: async (call) => {
      const text = toCallFileText(call);
      const name = `enlace-${random.uuid()}.call`;
      const path = join(staging, name);
      try {
        await stage(path, text, call.startAt);
        await rename(path, join(outgoing, name));
      } catch (error) {
        await rm(path, { force: true });
        throw error;
      }
      return name;
    },
  };
}

const LINE_BYTES_MAX = 1024;
const LINES_MAX = 150;
const CHANNEL = /^[A-Za-z0-9]+\/[^\s,&|;]{1,200}$/;
const PLACE = /^[A-Za-z0-9_.+*#-]{1,79}$/;
const VARIABLE_NAME = /^_{0,2}[A-Za-z][A-Za-z0-9_]{0,79}$/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
const CONTROL = /[\u0000-\u001f\u007f]/;

/** The text of a call file. Throws `AppError("invalid_field")`: no value can become a line of its own or a comment. */
export function toCallFileText(call: CallFile): string {
  if (!CHANNEL.test(call.channel)) throw refuse("channel", "is not a channel such as PJSIP/101");
  if (!PLACE.test(call.context)) throw refuse("context", "is not the name of a context");
  if (!PLACE.test(call.extension)) throw refuse("extension", "is not an extension");
  const lines = [
    toLine("Channel", call.channel),
    toLine("Context", call.context),
    toLine("Extension", call.extension),
    toLine("Priority", toCount("priority", call.priority ?? 1, 1)),
    toLine("MaxRetries", toCount("retriesMax", call.retriesMax ?? 0, 0)),
    toLine("RetryTime", toCount("retrySeconds", call.retrySeconds ?? 300, 1)),
    toLine("WaitTime", toCount("waitSeconds", call.waitSeconds ?? 45, 1)),
    ...(call.callerId === undefined ? [] : [toLine("CallerID", call.callerId)]),
    ...(call.account === undefined ? [] : [toLine("Account", call.account)]),
    ...(call.archive ? [toLine("Archive", "yes")] : []),
    ...Object.entries(call.variables ?? {}).map(([name, value]) => toVariableLine(name, value)),
  ];
  if (lines.length > LINES_MAX) throw refuse("variables", "are too many");
  return `${lines.join("\n")}\n`;
}

function toVariableLine(name: string, value: string): string {
  if (!VARIABLE_NAME.test(name)) throw refuse("variables", "must have plain names");
  return toLine("Setvar", `${name}=${value}`);
}

/** `;` begins a comment unless a backslash stands before it; `#` does so after a blank, and then nothing helps. */
function toLine(key: string, value: string): string {
  if (CONTROL.test(value)) throw refuse(key, "must not contain line breaks or control characters");
  if (/(^|[ \t])#/.test(value)) throw refuse(key, "must not contain a word that begins with #");
  const line = `${key}: ${value.replaceAll(";", "\\;")}`;
  if (Buffer.byteLength(line) >= LINE_BYTES_MAX) throw refuse(key, "is too long for a call file");
  return line;
}

function toCount(path: string, value: number, min: number): string {
  if (!Number.isInteger(value) || value < min || value > 86_400) throw refuse(path, `must be ${min} … 86400`);
  return String(value);
}

function refuse(path: string, message: string): AppError {
  return new AppError("invalid_field", `call file: ${path} ${message}`, { fields: [{ path, message }] });
}
