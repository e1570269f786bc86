import { createSentences } from "../core/sentence.ts";

/** What is said of the installation and of its backups. */
export const OPERATIONS_SENTENCES = {
  postgres: "PostgreSQL {version}",
  connections: "{used} of {max} connections to the database are in use",
  connectionsMend: "Raise max_connections of PostgreSQL, or lower ENLACE_DATABASE_POOL.",
  clockRight: "this machine and the database agree on the time",
  clockAhead: "the database's clock is {seconds} s ahead of this machine's",
  clockBehind: "the database's clock is {seconds} s behind this machine's",
  clockMend: "Let NTP set both: {command}.",
  disk: "{free} GiB of {total} GiB are free at {folder}",
  diskMend: "Make room, or lower ENLACE_RETENTION_MONTHS; without room PostgreSQL stops.",
  loop: "work waits up to {ms} ms for its turn in this process (99 of 100 times)",
  loopMend: "The machine is too busy for one process: give it another, or take roles from this one.",
  noBackup: "there is no backup in the folder for backups",
  backupFresh: "the newest backup is less than a day old",
  backupAge: "the newest backup is {days} days old",
  backupMend: "Make one now, and let cron make one each night: see docs/backup.md.",
  backupRunning: "A backup is being made already.",
  backupsMany: "There are {count} backups in {folder} already: remove some first.",
  backupNoRoom: "The disk of {folder} is too full for a backup: make room first.",
  backupUnknown: "There is no such backup.",
  folderFull: "there is no room left on the disk of {folder}",
  folderClosed: "Enlace may not write to {folder}",
} as const;

export const say = createSentences("system", OPERATIONS_SENTENCES);
