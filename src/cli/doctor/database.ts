import { readdir } from "node:fs/promises";
import { sql } from "kysely";
import type { Clock } from "../../kit/clock.ts";
import type { Database } from "../../kit/postgres/database.ts";
import type { OpenServerDatabase } from "../server-database.ts";
import { toLocalTime } from "../table.ts";
import { examine, type Finding } from "./finding.ts";
import type { ServerSettings } from "./host.ts";

export interface DatabaseExamination {
  settings: ServerSettings;
  open: OpenServerDatabase;
  migrationsFolder: string;
  clock: Clock;
}

const VERSION_MIN = 150_000;
const SKEW_WARNING_SECONDS = 2;
const SKEW_ERROR_SECONDS = 60;

/** The store and what stands still in it. The one look of the command line into other rooms' tables; it reads only. */
export async function examineDatabase(examination: DatabaseExamination): Promise<Finding[]> {
  const { settings, open, migrationsFolder, clock } = examination;
  return examine("database", async () => {
    const opened = await open({ migrated: false }).catch((error: Error) => error);
    if (opened instanceof Error) return toUnreachable(settings, opened);
    const { database, close } = opened;
    try {
      const findings = [
        await examineVersion(database, settings),
        await examineClock(database, clock),
        await examineSchema(database, migrationsFolder),
      ];
      if (findings.at(-1)?.level !== "ok") return findings;
      return [...findings, ...(await examineContents(database, settings))];
    } catch (error) {
      return toUnreachable(settings, error as Error);
    } finally {
      await close();
    }
  });
}

function toUnreachable({ databaseUrl }: ServerSettings, error: Error): Finding {
  const message = error.message || (error as NodeJS.ErrnoException).code || "no reason given";
  const mend =
    databaseUrl === undefined
      ? "The embedded database does not start: look at its log in the data folder."
      : "Is PostgreSQL running, and are host, user and password in DATABASE_URL right?";
  return { level: "error", subject: "database", message: `the database cannot be used: ${message}`, mend };
}

async function examineVersion(database: Database, { databaseUrl }: ServerSettings): Promise<Finding> {
  const { rows } = await sql<{ number: number; version: string }>`
    select current_setting('server_version_num')::int as number, current_setting('server_version') as version`.execute(
    database.sql,
  );
  const { number = 0, version = "?" } = rows[0] ?? {};
  const message = `PostgreSQL ${version}, ${databaseUrl === undefined ? "embedded" : "external"}`;
  if (number >= VERSION_MIN) return { level: "ok", subject: "database", message };
  return { level: "error", subject: "database", message: `${message}, is too old`, mend: "Update it to 15 or newer." };
}

async function examineClock(database: Database, clock: Clock): Promise<Finding> {
  const before = clock.now().getTime();
  const { rows } = await sql<{ at: Date }>`select clock_timestamp() as at`.execute(database.sql);
  const middle = (before + clock.now().getTime()) / 2;
  return toSkewFinding(((rows[0]?.at.getTime() ?? middle) - middle) / 1000);
}

export function toSkewFinding(seconds: number): Finding {
  const off = Math.abs(seconds);
  if (off < SKEW_WARNING_SECONDS)
    return { level: "ok", subject: "clock", message: "this machine and the database agree on the time" };
  return {
    level: off < SKEW_ERROR_SECONDS ? "warning" : "error",
    subject: "clock",
    message: `the database's clock is ${Math.round(off)} s ${seconds > 0 ? "ahead of" : "behind"} this machine's`,
    mend: "Let NTP set both: `timedatectl set-ntp true`.",
  };
}

async function examineSchema(database: Database, folder: string): Promise<Finding> {
  const known = (await readdir(folder)).filter((name) => name.endsWith(".sql")).map((name) => name.slice(0, -4));
  const applied = await loadApplied(database);
  const missing = known.filter((name) => !applied.includes(name)).sort();
  const newer = applied.filter((name) => !known.includes(name));
  const subject = "schema";
  if (newer.length > 0)
    return {
      level: "error",
      subject,
      message: `a newer Enlace has used this database (${newer.join(", ")})`,
      mend: "Run the newer version.",
    };
  if (missing.length === 0) return { level: "ok", subject, message: `up to date (${applied.at(-1)})` };
  return {
    level: "warning",
    subject,
    message: applied.length === 0 ? "the database is empty" : `not up to date: ${missing.join(", ")} missing`,
    mend: "`enlace start` does it by itself, `enlace migrate` alone.",
  };
}

async function loadApplied(database: Database): Promise<string[]> {
  const there = await sql<{ yes: boolean }>`select to_regclass('enlace_migrations') is not null as yes`.execute(
    database.sql,
  );
  if (!there.rows[0]?.yes) return [];
  const { rows } = await sql<{ name: string }>`select name from enlace_migrations order by name`.execute(database.sql);
  return rows.map((row) => row.name);
}

interface Contents {
  tenants: number;
  tenant: string | null;
  admins: number;
  webhook_secrets: number;
  dead: number;
  oldest_due: Date | null;
}

async function examineContents(database: Database, { webhookSecret }: ServerSettings): Promise<Finding[]> {
  const { rows } = await sql<Contents>`
    select (select count(*)::int from tenants) as tenants,
           (select format('%s "%s": language %s, country %s, time zone %s', number, name, language, country, time_zone)
              from tenants where is_default) as tenant,
           (select count(*)::int from users where role = 'admin' and disabled_at is null) as admins,
           (select count(*)::int from webhook_secrets s join tenants t on t.id = s.tenant_id
             where t.is_default and s.expires_at is null) as webhook_secrets,
           (select count(*)::int from deliveries where state = 'dead') as dead,
           (select min(due_at) from deliveries where state = 'pending') as oldest_due`.execute(database.sql);
  const found = rows[0];
  if (!found || found.tenants === 0)
    return [{ level: "ok", subject: "tenant", message: "none yet: the first start makes one" }];
  return [
    { level: "ok", subject: "tenant", message: found.tenant ?? `${found.tenants}, none of them the default one` },
    toAdminFinding(found.admins),
    toWebhookFinding(found.webhook_secrets > 0 || webhookSecret !== undefined),
    toDeadFinding(found.dead),
    toWaitingFinding(found.oldest_due),
    ...(await examineLanes(database)),
  ];
}

function toAdminFinding(admins: number): Finding {
  if (admins > 0) return { level: "ok", subject: "administrator", message: `${admins} can log in` };
  return {
    level: "error",
    subject: "administrator",
    message: "no administrator can log in",
    mend: "`enlace user add <name> --role admin`, while Enlace runs.",
  };
}

function toWebhookFinding(isThere: boolean): Finding {
  if (isThere) return { level: "ok", subject: "webhook_secret", message: "the default tenant has one" };
  return {
    level: "warning",
    subject: "webhook_secret",
    message: "the default tenant has none: every signed call is refused",
    mend: "`enlace secret rotate` makes one, or set WEBHOOK_SECRET.",
  };
}

function toDeadFinding(dead: number): Finding {
  if (dead === 0) return { level: "ok", subject: "dead_letters", message: "none" };
  return {
    level: "warning",
    subject: "dead_letters",
    message: `${dead} deliveries were given up`,
    mend: "`enlace deliveries list --state dead` says why; then `enlace deliveries replay --state dead`.",
  };
}

function toWaitingFinding(oldest: Date | null): Finding {
  const message = oldest ? `the oldest delivery was due ${toLocalTime(oldest)}` : "nothing waits";
  return { level: "ok", subject: "queue", message };
}

async function examineLanes(database: Database): Promise<Finding[]> {
  const { rows } = await sql<{ tenant: string; name: string; held_at: Date | null; reason: string | null }>`
    select t.number as tenant, c.name, l.held_at, l.hold_reason as reason
      from lanes l join connections c on c.id = l.connection_id and c.tenant_id = l.tenant_id
      join tenants t on t.id = l.tenant_id
     where c.deleted_at is null and (l.held_at is not null or l.paused_at is not null)
     order by t.number, c.name limit 100`.execute(database.sql);
  return rows.map(({ tenant, name, held_at, reason }) => ({
    level: held_at ? "error" : "warning",
    subject: `lane:${tenant}/${name}`,
    message: held_at ? `stands still since ${toLocalTime(held_at)}: ${reason}` : "is paused",
    mend: held_at
      ? "Mend its settings, then `enlace connection check <id>`: it goes on by itself."
      : "`enlace connection resume <id>`.",
  }));
}
