import { type DestinationStream, type Logger, pino } from "pino";

/**
 * The log: the message is a fixed event name, data goes into fields, one wide line per unit of work.
 * `log.info({ deliveryId, outcome, durationMs }, "delivery.attempted")`. Phone numbers are masked and secrets removed
 * here, whatever the caller passes.
 */
export type Log = Pick<Logger, "trace" | "debug" | "info" | "warn" | "error" | "fatal" | "child">;

export interface LogOptions {
  level: string;
  format: "json" | "pretty";
  destination?: DestinationStream;
}

const SECRET_FIELDS = new Set([
  "password",
  "secret",
  "token",
  "authorization",
  "cookie",
  "accessKey",
  "sessionName",
  "apiKey",
  "signature",
]);
const PHONE_FIELDS = new Set(["from", "to", "number", "phone", "customernumber"]);
/** Beyond this the lines do not wait for the turn to end. */
const OUTPUT_LENGTH_MAX = 8 * 1024;
/** How far into nested fields the guard looks; what lies deeper is left out of the line. */
const DEPTH_MAX = 4;

/** Creates the one logger of the process. `pretty` falls back to JSON where pino-pretty is not installed. */
export function createLog({ level, format, destination }: LogOptions): Log {
  const options = {
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    // Not pino's own `redact`: its wildcard paths cost a fifth of the processor time of a webhook.
    formatters: { level: (label: string) => ({ level: label }), log: (fields: object) => guard(fields, 1) },
  };
  if (destination) return pino(options, destination);
  if (format === "pretty" && hasPretty()) {
    const { level: _, ...formatters } = options.formatters;
    return pino({ ...options, formatters, transport: { target: "pino-pretty", options: { ignore: "pid,hostname" } } });
  }
  return pino(options, openStandardOutput());
}

/** The lines of one turn of the event loop leave in one write, which is the costly part of a line; an exit waits for them. */
function openStandardOutput(): DestinationStream {
  const output = pino.destination({ dest: 1, sync: true });
  let waiting = "";
  const flush = (): void => {
    if (waiting !== "") output.write(waiting);
    waiting = "";
  };
  process.once("exit", flush);
  return {
    write: (line) => {
      if (waiting === "") setImmediate(flush);
      waiting += line;
      if (waiting.length > OUTPUT_LENGTH_MAX) flush();
    },
  };
}

/** Keeps the last three digits: enough to recognise, too few to call. `+34123456789` becomes `+********789`. */
export function maskPhone(text: string): string {
  return text.replaceAll(/\+?\d[\d\s().-]{5,}\d/g, (run) => {
    const digits = run.replaceAll(/\D/g, "");
    return `${run.startsWith("+") ? "+" : ""}${"*".repeat(digits.length - 3)}${digits.slice(-3)}`;
  });
}

type Fields = Readonly<Record<string, unknown>>;

/** The fields as they may be written down. Copies only what it must change or look into. */
function guard(fields: object, depth: number): Record<string, unknown> {
  const safe: Record<string, unknown> = {};
  for (const name of Object.keys(fields)) safe[name] = guardValue(name, (fields as Fields)[name], depth);
  return safe;
}

function guardValue(name: string, value: unknown, depth: number): unknown {
  if (SECRET_FIELDS.has(name)) return value === null || value === undefined ? value : "[redacted]";
  if (typeof value === "string") return PHONE_FIELDS.has(name) ? maskPhone(value) : value;
  if (typeof value !== "object" || value === null || value instanceof Error || value instanceof Date) return value;
  if (depth >= DEPTH_MAX) return "[deeper]";
  return Array.isArray(value) ? value.map((item) => guardValue("", item, depth + 1)) : guard(value, depth + 1);
}

function hasPretty(): boolean {
  try {
    import.meta.resolve("pino-pretty");
    return true;
  } catch {
    return false; // an optional package: JSON lines say the same
  }
}
