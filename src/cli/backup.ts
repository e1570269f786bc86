import { stat } from "node:fs/promises";
import { resolve } from "node:path";
import type { Command } from "commander";
import { createBackup } from "../kit/postgres/backup.ts";
import type { BackupHeader } from "../kit/postgres/backup-format.ts";
import { describeRestoreTarget, restoreBackup, verifyBackup } from "../kit/postgres/restore.ts";
import { toKeyId } from "../kit/secret-box.ts";
import { type CommandContext, createCommand, JSON_OPTION, type JsonOption } from "./command.ts";
import { CommandFailure, wrongUsage } from "./exit.ts";
import type { OpenServerDatabase } from "./server-database.ts";
import { toFieldList, toLocalTime } from "./table.ts";

export function createBackupCommand(context: CommandContext, open: OpenServerDatabase): Command {
  return createCommand("backup", "copy everything Enlace keeps into one file, while it runs or not")
    .argument("<file>", "file to write; holds personal data, readable by its owner only")
    .option("--force", "replace the file when it exists")
    .option(...JSON_OPTION)
    .action((file: string, options: JsonOption & { force?: boolean }) => backUp(context, open, { ...options, file }));
}

export function createRestoreCommand(context: CommandContext, open: OpenServerDatabase): Command {
  return createCommand("restore", "put a backup back, all of it or nothing; Enlace must be stopped")
    .argument("<file>", "file made by `enlace backup`")
    .option("--replace", "throw away what the database holds now (asks first)")
    .option("--yes", "do not ask")
    .option("--other-secret", "restore although sealed secrets cannot be opened: they must be typed in again")
    .option("--check", "only prove that the file is whole")
    .option(...JSON_OPTION)
    .action((file: string, options: RestoreFlags) => restore(context, open, { ...options, file }));
}

interface RestoreFlags extends JsonOption {
  replace?: boolean;
  yes?: boolean;
  otherSecret?: boolean;
  check?: boolean;
}

async function backUp(
  { terminal, clock, signal }: CommandContext,
  open: OpenServerDatabase,
  { file, force = false, json }: JsonOption & { file: string; force?: boolean },
): Promise<void> {
  const path = resolve(file);
  const { database, secrets, close } = await open({ migrated: false });
  const bar = terminal.startProgress("Backing up", "rows");
  try {
    const keyId = toKeyId(secrets[0]);
    const summary = await createBackup({
      ...{ database, path, now: clock.now(), keyId, overwrite: force, signal },
      onProgress: bar.update,
    });
    bar.stop();
    if (json) return terminal.print(JSON.stringify({ file: path, ...summary }));
    terminal.print(`${path}: ${summary.rows} rows of ${summary.tables} tables, ${toSize(summary.sizeBytes)}.`);
    terminal.note(
      "Keep ENLACE_SECRET (or the file `secret` of the data folder) too, elsewhere: sealed secrets need it.",
    );
  } finally {
    bar.stop();
    await close();
  }
}

async function restore(
  context: CommandContext,
  open: OpenServerDatabase,
  options: RestoreFlags & { file: string },
): Promise<void> {
  const path = resolve(options.file);
  const header = await verify(context, path);
  if (options.check) return tell(context, options, { header, done: "The file is whole." });
  const { database, secrets, close } = await open({ migrated: true });
  const bar = context.terminal.startProgress("Restoring", "rows");
  try {
    refuseOtherSecret(header, secrets, options);
    const target = await describeRestoreTarget(database);
    if (target.processes > 0)
      throw new CommandFailure("Enlace is at work on this database", { hints: ["Stop it, then restore."] });
    if (target.rows > 0) await agreeToReplace(context, options, target.rows);
    const replace = options.replace ?? false;
    await restoreBackup({ database, path, header, replace, signal: context.signal, onProgress: bar.update });
    bar.stop();
    tell(context, options, { header, done: "Restored. Everybody must log in again." });
  } finally {
    bar.stop();
    await close();
  }
}

async function verify({ terminal }: CommandContext, path: string): Promise<BackupHeader> {
  const bar = terminal.startProgress("Checking the file", "rows");
  try {
    await stat(path);
    return await verifyBackup(path, bar.update);
  } finally {
    bar.stop();
  }
}

function refuseOtherSecret(header: BackupHeader, secrets: readonly string[], { otherSecret }: RestoreFlags): void {
  if (otherSecret || secrets.some((secret) => toKeyId(secret) === header.key_id)) return;
  throw new CommandFailure("the backup was sealed with another ENLACE_SECRET: its CRM passwords could not be opened", {
    hints: [
      "Set ENLACE_SECRET to the one of the old installation (or put its file `secret` into the data folder),",
      "or name it in ENLACE_SECRET_PREVIOUS. If it is lost: --other-secret restores everything else.",
    ],
  });
}

async function agreeToReplace(
  { terminal, signal }: CommandContext,
  { replace, yes }: RestoreFlags,
  rows: number,
): Promise<void> {
  if (!replace)
    throw new CommandFailure(`the database is not empty: it holds ${rows} rows`, {
      hints: ["Make a backup of it, then repeat with --replace, which throws them away."],
    });
  if (yes) return;
  if (!terminal.isInteractive)
    throw wrongUsage(`--replace would throw away ${rows} rows`, "Add --yes if that is meant.");
  const answer = await terminal.ask(`This throws away the ${rows} rows that are there now. Type "replace": `, signal);
  if (answer.trim() !== "replace") throw new CommandFailure("nothing was changed");
}

function tell(
  { terminal }: CommandContext,
  { json, file }: JsonOption & { file: string },
  { header, done }: { header: BackupHeader; done: string },
): void {
  const { created_at, key_id, migrations, postgres, tables } = header;
  const rows = tables.reduce((sum, table) => sum + table.rows, 0);
  const schema = migrations.at(-1);
  if (json) {
    terminal.print(JSON.stringify({ file, created_at, key_id, postgres, schema, rows }));
    return;
  }
  const facts = [
    ["Made at", toLocalTime(created_at)],
    ["Rows", rows],
    ["Schema", schema],
    ["From PostgreSQL", postgres],
  ] as const;
  terminal.print(`${toFieldList(terminal, facts)}\n${done}`);
}

function toSize(bytes: number): string {
  if (bytes < 1024) return `${bytes} bytes`;
  return bytes < 1024 ** 2 ? `${(bytes / 1024).toFixed(1)} KiB` : `${(bytes / 1024 ** 2).toFixed(1)} MiB`;
}
