import { hostname } from "node:os";
import { resolve } from "node:path";
import { z } from "zod";
import { folders, isNetwork, number, text, timeZone, toList, url, yesNo } from "./kit/setting-forms.ts";

/**
 * The only file that reads the environment. `readConfig` is pure: it collects every problem and reports them together.
 * Each setting carries its sentence; docs/configuration.md is generated from them (`npm run generate`).
 */
export const ROLES = ["api", "worker", "telephony", "dialer"] as const;

interface Setting {
  /** Group in docs/configuration.md. */
  group: "Server" | "Storage" | "Security" | "First start" | "Older middleware" | "PBX" | "Limits" | "Command line";
  sentence: string;
  /** As shown in the documentation; `undefined` is "not set". */
  fallback?: string;
  schema: z.ZodType;
  secret?: boolean;
}

/** Every setting there is, in the order of the documentation. Values are those of the environment, always text. */
const SETTINGS = {
  ENLACE_HOST: { group: "Server", sentence: "Address to listen on.", fallback: "127.0.0.1", schema: text },
  ENLACE_PORT: {
    group: "Server",
    sentence: "Port to listen on; 0 takes a free one.",
    fallback: "8080",
    schema: number(0, 65_535),
  },
  ENLACE_PUBLIC_URL: {
    group: "Server",
    sentence: "Address under which people and CRMs reach Enlace, for links; by default the address it listens on.",
    schema: url.max(90, "must have at most 90 characters, so that links fit into the fields of CRMs"),
  },
  ENLACE_ROLES: {
    group: "Server",
    sentence:
      "What this process does: a comma list of api, worker, telephony, dialer. A process dials over the PBXs it listens to, so dialer needs telephony.",
    fallback: "api,worker,telephony,dialer",
    schema: z
      .string()
      .transform(toList)
      .pipe(z.array(z.enum(ROLES)).min(1)),
  },
  ENLACE_LOG: {
    group: "Server",
    sentence: "Form of the log: json, or pretty for people.",
    fallback: "json",
    schema: z.enum(["json", "pretty"]),
  },
  ENLACE_LOG_LEVEL: {
    group: "Server",
    sentence: "Least level that is logged.",
    fallback: "info",
    schema: z.enum(["trace", "debug", "info", "warn", "error"]),
  },
  ENLACE_TRUST_PROXY: {
    group: "Server",
    sentence: "Comma list of proxies (addresses or networks) whose X-Forwarded headers are believed.",
    schema: z.string().transform(toList),
  },
  ENLACE_DATA: {
    group: "Storage",
    sentence: "Folder for the embedded database, the generated secret and recordings.",
    fallback: "./data",
    schema: text,
  },
  ENLACE_BACKUP_FOLDER: {
    group: "Storage",
    sentence: "Folder of backups that the console makes and shows; by default `backups` in the data folder.",
    schema: text,
  },
  ENLACE_RECORDING_FOLDERS: {
    group: "Storage",
    sentence:
      "Comma list of folders of this machine under which PBXs may have their recordings (mounted, read-only); none by default.",
    schema: folders,
  },
  ENLACE_AUDIO_FOLDER: {
    group: "Storage",
    sentence: "Folder of what the dialer plays, the same for all processes; by default `audios` in the data folder.",
    schema: z.string().startsWith("/", "must be an absolute path"),
  },
  ENLACE_SOUND_FOLDERS: {
    group: "Storage",
    sentence:
      "Comma list of folders of this machine under which PBXs may have a folder that Enlace copies sounds into; none by default, then PBXs fetch them by HTTP.",
    schema: folders,
  },
  ENLACE_SOUND_CACHE_MB: {
    group: "Limits",
    sentence: "Megabytes of spoken texts, and of sounds in each PBX's folder; those long unplayed go first.",
    fallback: "2000",
    schema: number(10, 1_000_000),
  },
  DATABASE_URL: {
    group: "Storage",
    sentence: "An external PostgreSQL (15 or newer) in place of the embedded one.",
    schema: z.url({ protocol: /^postgres(ql)?$/, error: "must be a postgres:// address" }),
    secret: true,
  },
  DB_HOST: {
    group: "Storage",
    sentence: "Older form of DATABASE_URL: host. Used with the four below when DATABASE_URL is not set.",
    schema: text,
  },
  DB_PORT: {
    group: "Storage",
    sentence: "Older form of DATABASE_URL: port.",
    fallback: "5432",
    schema: number(1, 65_535),
  },
  DB_NAME: {
    group: "Storage",
    sentence: "Older form of DATABASE_URL: database.",
    fallback: "voip_integration",
    schema: text,
  },
  DB_USER: { group: "Storage", sentence: "Older form of DATABASE_URL: user.", schema: text },
  DB_PASSWORD: {
    group: "Storage",
    sentence: "Older form of DATABASE_URL: password.",
    schema: z.string(),
    secret: true,
  },
  ENLACE_DATABASE_POOL: {
    group: "Storage",
    sentence: "Connections to PostgreSQL per process.",
    fallback: "12",
    schema: number(4, 200),
  },
  ENLACE_RETENTION_MONTHS: {
    group: "Storage",
    sentence: "Whole months for which calls, facts, deliveries and attempts are kept; older ones are deleted.",
    fallback: "24",
    schema: number(1, 240),
  },
  ENLACE_AUDIT_MONTHS: {
    group: "Storage",
    sentence: "Whole months for which the log of administrative changes is kept.",
    fallback: "60",
    schema: number(1, 240),
  },
  ENLACE_LOST_AFTER_MINUTES: {
    group: "Limits",
    sentence: "A call in progress that nobody has said anything about for so long is closed as lost.",
    fallback: "240",
    schema: number(5, 10_080),
  },
  ENLACE_SECRET: {
    group: "Security",
    sentence:
      "At least 32 characters from which all keys are derived. Without it one is generated into the data folder (file `secret`, mode 0600).",
    schema: z.string().min(32, "must have at least 32 characters"),
    secret: true,
  },
  ENLACE_SECRET_PREVIOUS: {
    group: "Security",
    sentence: "Comma list of former ENLACE_SECRET values: what they sealed can still be opened.",
    schema: z.string().transform(toList),
    secret: true,
  },
  ENLACE_ALLOW_PRIVATE_TARGETS: {
    group: "Security",
    sentence:
      "Whether connections may call addresses of private networks, where on-premise CRMs live. Link-local addresses are never called.",
    fallback: "true",
    schema: yesNo,
  },
  ENLACE_ALLOW_LOOPBACK_TARGETS: {
    group: "Security",
    sentence: "Whether connections may call this machine itself.",
    fallback: "false",
    schema: yesNo,
  },
  ENLACE_METRICS_TOKEN: {
    group: "Security",
    sentence: "Bearer token for /metrics; without it only this machine may read them.",
    schema: z.string().min(16),
    secret: true,
  },
  ENLACE_ADMIN_PASSWORD: {
    group: "First start",
    sentence:
      "Password of the first administrator, `admin`; without it a one-time password is printed at the first start.",
    schema: z.string().min(10, "must have at least 10 characters"),
    secret: true,
  },
  ENLACE_TENANT_NAME: {
    group: "First start",
    sentence: "Name of the default tenant.",
    fallback: "Enlace",
    schema: text,
  },
  ENLACE_TIMEZONE: {
    group: "First start",
    sentence: "IANA time zone of the default tenant.",
    fallback: "Europe/Madrid",
    schema: timeZone,
  },
  ENLACE_COUNTRY: {
    group: "First start",
    sentence: "Country (ISO 3166-1 alpha-2) whose numbers may be written without a country code.",
    fallback: "ES",
    schema: z
      .string()
      .trim()
      .toUpperCase()
      .regex(/^[A-Z]{2}$/, "must be two letters"),
  },
  ENLACE_LANGUAGE: {
    group: "First start",
    sentence: "Language of the default tenant's CRM records: es, en or ru.",
    fallback: "es",
    schema: z.enum(["es", "en", "ru"]),
  },
  WEBHOOK_SECRET: {
    group: "Older middleware",
    sentence: "Secret that signs the default tenant's call webhook.",
    schema: z.string().min(8, "must have at least 8 characters"),
    secret: true,
  },
  VTIGER_URL: {
    group: "Older middleware",
    sentence: "Address of webservice.php: makes a Vtiger connection for the default tenant.",
    schema: url,
  },
  VTIGER_USERNAME: { group: "Older middleware", sentence: "Vtiger user of that connection.", schema: text },
  VTIGER_ACCESS_KEY: {
    group: "Older middleware",
    sentence: "Access key of that user (My Preferences in Vtiger).",
    schema: text,
    secret: true,
  },
  VTIGER_MODULE: {
    group: "Older middleware",
    sentence: "Module that keeps the calls: PBXManager, Events or a custom one.",
    schema: text,
  },
  MAX_RETRIES: {
    group: "Older middleware",
    sentence:
      "Attempts per delivery of that connection before it becomes a dead letter; other connections say their own.",
    fallback: "20",
    schema: number(1, 1000),
  },
  AMI_HOST: {
    group: "PBX",
    sentence: "Address of an Asterisk's manager interface (AMI): makes the default tenant's first PBX.",
    schema: text,
  },
  AMI_PORT: { group: "PBX", sentence: "Its port.", fallback: "5038", schema: number(1, 65_535) },
  AMI_USERNAME: { group: "PBX", sentence: "User of manager.conf, see deploy/asterisk/manager.conf.", schema: text },
  AMI_SECRET: { group: "PBX", sentence: "Secret of that user.", schema: text, secret: true },
  PBX_TOKEN: {
    group: "PBX",
    sentence:
      "Token that PBX shows with the events it posts (docs/hooks.md). Without AMI_HOST it makes a PBX that only posts events.",
    schema: z.string().min(8, "must have at least 8 characters").max(200),
    secret: true,
  },
  PBX_TIMEZONE: {
    group: "PBX",
    sentence: "IANA time zone in which that PBX writes its times; by default the tenant's.",
    schema: timeZone,
  },
  ENLACE_AGI_HOST: {
    group: "PBX",
    sentence: "Address on which FastAGI is served, for dialplans that ask Enlace.",
    fallback: "127.0.0.1",
    schema: text,
  },
  ENLACE_AGI_PORT: {
    group: "PBX",
    sentence: "Its port; 0 takes a free one. Where another process of this host has it, this one waits for it.",
    fallback: "4573",
    schema: number(0, 65_535),
  },
  ENLACE_AGI_ALLOW: {
    group: "PBX",
    sentence:
      "Comma list of addresses and networks that may call FastAGI, which has no login. Not set: nobody may, and it is not served.",
    schema: z
      .string()
      .transform(toList)
      .pipe(z.array(text.refine(isNetwork, "is neither an address nor a network")).min(1)),
  },
  ENLACE_WEBHOOK_RATE: {
    group: "Limits",
    sentence: "Calls per second taken from one address at the signed webhook.",
    fallback: "2000",
    schema: number(1, 1_000_000),
  },
  ENLACE_API_RATE: {
    group: "Limits",
    sentence: "Requests per minute taken from one user or key at the API; five times as many from one address.",
    fallback: "1200",
    schema: number(1, 1_000_000),
  },
  ENLACE_DRAIN_SECONDS: {
    group: "Limits",
    sentence: "How long a stop waits for work under way.",
    fallback: "25",
    schema: number(1, 600),
  },
  ENLACE_URL: {
    group: "Command line",
    sentence: "Enlace that the commands talk to; by default the one at ENLACE_HOST and ENLACE_PORT.",
    schema: url,
  },
  ENLACE_API_KEY: {
    group: "Command line",
    sentence:
      "API key of the commands; without it the key that Enlace keeps in its data folder for this machine's administrator.",
    schema: text,
    secret: true,
  },
  NO_COLOR: { group: "Command line", sentence: "Any value: output without colours.", schema: text },
} as const satisfies Record<string, Setting>;

type Name = keyof typeof SETTINGS;
type Values = { [N in Name]: (typeof SETTINGS)[N] extends { fallback: string } ? Parsed<N> : Parsed<N> | undefined };
type Parsed<N extends Name> = z.output<(typeof SETTINGS)[N]["schema"]>;

/** What is wrong with the environment: one sentence a setting. */
export class ConfigError extends Error {
  readonly problems: readonly string[];
  constructor(problems: readonly string[]) {
    super(
      `the configuration has ${problems.length === 1 ? "a problem" : `${problems.length} problems`}:\n  ${problems.join("\n  ")}`,
    );
    this.name = "ConfigError";
    this.problems = problems;
  }
}

export type Config = ReturnType<typeof readConfig>;

/** Reads the settings of a server. Throws one `ConfigError` that names every problem. Empty text counts as not set. */
export function readConfig(env: Readonly<Record<string, string | undefined>>) {
  const problems: string[] = [];
  const values = readValues(env, problems);
  const vtiger = readVtiger(values, problems);
  const pbx = readPbx(values, problems);
  if (problems.length > 0) throw new ConfigError(problems);
  return {
    host: values.ENLACE_HOST,
    port: values.ENLACE_PORT,
    publicUrl: values.ENLACE_PUBLIC_URL?.replace(/\/+$/, ""),
    roles: values.ENLACE_ROLES,
    log: { format: values.ENLACE_LOG, level: values.ENLACE_LOG_LEVEL },
    trustProxy: values.ENLACE_TRUST_PROXY ?? [],
    dataFolder: resolve(values.ENLACE_DATA),
    backupFolder: values.ENLACE_BACKUP_FOLDER,
    recordingFolders: values.ENLACE_RECORDING_FOLDERS ?? [],
    audios: {
      folder: values.ENLACE_AUDIO_FOLDER,
      soundFolders: values.ENLACE_SOUND_FOLDERS ?? [],
      cacheBytesMax: values.ENLACE_SOUND_CACHE_MB * 1024 ** 2,
    },
    databaseUrl: values.DATABASE_URL ?? toDatabaseUrl(values),
    databasePool: values.ENLACE_DATABASE_POOL,
    retentionMonths: values.ENLACE_RETENTION_MONTHS,
    auditMonths: values.ENLACE_AUDIT_MONTHS,
    lostAfterMs: values.ENLACE_LOST_AFTER_MINUTES * 60_000,
    secret: values.ENLACE_SECRET,
    previousSecrets: values.ENLACE_SECRET_PREVIOUS ?? [],
    allowTargets: { private: values.ENLACE_ALLOW_PRIVATE_TARGETS, loopback: values.ENLACE_ALLOW_LOOPBACK_TARGETS },
    metricsToken: values.ENLACE_METRICS_TOKEN,
    firstStart: {
      adminPassword: values.ENLACE_ADMIN_PASSWORD,
      tenantName: values.ENLACE_TENANT_NAME,
      timeZone: values.ENLACE_TIMEZONE,
      country: values.ENLACE_COUNTRY,
      language: values.ENLACE_LANGUAGE,
    },
    webhookSecret: values.WEBHOOK_SECRET,
    vtiger,
    pbx,
    pbxToken: values.PBX_TOKEN,
    agi: values.ENLACE_AGI_ALLOW && {
      host: values.ENLACE_AGI_HOST,
      port: values.ENLACE_AGI_PORT,
      allow: values.ENLACE_AGI_ALLOW,
    },
    attemptsMax: values.MAX_RETRIES,
    limits: { webhookPerSecond: values.ENLACE_WEBHOOK_RATE, apiPerMinute: values.ENLACE_API_RATE },
    drainMs: values.ENLACE_DRAIN_SECONDS * 1000,
    processName: `${hostname()}:${process.pid}`,
  };
}

/** Reads the settings of a command that talks to a running Enlace. */
export function readCliConfig(env: Readonly<Record<string, string | undefined>>) {
  const problems: string[] = [];
  const values = readValues(env, problems);
  if (problems.length > 0) throw new ConfigError(problems);
  return {
    url: (values.ENLACE_URL ?? toLocalUrl(values)).replace(/\/+$/, ""),
    apiKey: values.ENLACE_API_KEY,
    dataFolder: resolve(values.ENLACE_DATA),
    webhookSecret: values.WEBHOOK_SECRET,
  };
}

/** Where a server with the same settings is reached from this machine. */
function toLocalUrl({ ENLACE_HOST: host, ENLACE_PORT: port }: Values): string {
  const reachable = host === "0.0.0.0" ? "127.0.0.1" : host === "::" ? "::1" : host;
  return `http://${reachable.includes(":") ? `[${reachable}]` : reachable}:${port}`;
}

/** The environment of this process; its only reader. */
export function readEnvironment(): Readonly<Record<string, string | undefined>> {
  return process.env;
}

/** docs/configuration.md. */
export function describeSettings(): string {
  const groups = Map.groupBy(Object.entries(SETTINGS) as [Name, Setting][], ([, setting]) => setting.group);
  const sections = [...groups].map(([group, settings]) => {
    const rows = settings.map(([name, { sentence, fallback, secret }]) => {
      const shown = fallback === undefined ? "not set" : `\`${fallback}\``;
      return `| \`${name}\` | ${shown} | ${sentence}${secret ? " Secret." : ""} |`;
    });
    return `## ${group}\n\n| setting | default | meaning |\n| --- | --- | --- |\n${rows.join("\n")}\n`;
  });
  const intro =
    "Deployment facts live in the environment, or in a file given by `node --env-file`; what a tenant changes lives in the database. Every problem of the environment is reported at start, all of them together.";
  return `# Configuration\n\nGenerated from \`src/config.ts\` by \`npm run generate\`; do not edit.\n\n${intro}\n\n${sections.join("\n")}`;
}

function readValues(env: Readonly<Record<string, string | undefined>>, problems: string[]): Values {
  const entries = (Object.entries(SETTINGS) as [Name, Setting][]).map(([name, setting]) => {
    const given = env[name]?.trim() || setting.fallback;
    if (given === undefined) return [name, undefined];
    const result = setting.schema.safeParse(given);
    if (result.success) return [name, result.data];
    const shown = setting.secret ? "" : ` (it is "${given}")`;
    problems.push(`${name} ${result.error.issues.map((issue) => issue.message).join("; ")}${shown}`);
    return [name, undefined];
  });
  return Object.fromEntries(entries) as Values;
}

function readVtiger(values: Values, problems: string[]) {
  const { VTIGER_URL, VTIGER_USERNAME, VTIGER_ACCESS_KEY, VTIGER_MODULE } = values;
  const given = { VTIGER_URL, VTIGER_USERNAME, VTIGER_ACCESS_KEY };
  const missing = Object.entries(given).flatMap(([name, value]) => (value === undefined ? [name] : []));
  if (VTIGER_URL === undefined || VTIGER_USERNAME === undefined || VTIGER_ACCESS_KEY === undefined) {
    if (missing.length < 3) problems.push(`${missing.join(" and ")} missing: a Vtiger connection needs all three`);
    return undefined;
  }
  return { url: VTIGER_URL, username: VTIGER_USERNAME, accessKey: VTIGER_ACCESS_KEY, module: VTIGER_MODULE };
}

function readPbx(values: Values, problems: string[]) {
  const { AMI_HOST, AMI_PORT, AMI_USERNAME, AMI_SECRET, PBX_TIMEZONE, PBX_TOKEN } = values;
  const common = { port: AMI_PORT, timeZone: PBX_TIMEZONE };
  if (AMI_HOST === undefined || AMI_USERNAME === undefined || AMI_SECRET === undefined) {
    const missing = Object.entries({ AMI_HOST, AMI_USERNAME, AMI_SECRET }).filter(([, value]) => value === undefined);
    const names = missing.map(([name]) => name).join(" and ");
    if (missing.length < 3) problems.push(`${names} missing: a PBX needs AMI_HOST, AMI_USERNAME and AMI_SECRET`);
    return PBX_TOKEN === undefined ? undefined : { ...common, host: null, username: null, secret: null };
  }
  return { ...common, host: AMI_HOST, username: AMI_USERNAME, secret: AMI_SECRET };
}

function toDatabaseUrl({ DB_HOST, DB_PORT, DB_NAME, DB_USER, DB_PASSWORD }: Values): string | undefined {
  if (DB_HOST === undefined) return undefined;
  const url = new URL(`postgres://host:${DB_PORT}/${encodeURIComponent(DB_NAME)}`);
  url.hostname = DB_HOST;
  url.username = encodeURIComponent(DB_USER ?? "postgres");
  url.password = encodeURIComponent(DB_PASSWORD ?? "");
  return url.href;
}
