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

const SECRET_FIELDS = [
  "password",
  "secret",
  "token",
  "authorization",
  "cookie",
  "accessKey",
  "sessionName",
  "apiKey",
  "signature",
];
const PHONE_FIELDS = new Set(["from", "to", "number", "phone", "customernumber"]);

/** Creates the one logger of the process. `pretty` falls back to JSON where pino-pretty is not installed. */
export function createLog({ level, format, destination }: LogOptions): Log {
  const options = {
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    redact: { paths: SECRET_FIELDS.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]), censor: "[redacted]" },
    formatters: { level: (label: string) => ({ level: label }), log: maskPhones },
  };
  if (destination) return pino(options, destination);
  if (format === "pretty" && hasPretty()) {
    const { level: _, ...formatters } = options.formatters;
    return pino({ ...options, formatters, transport: { target: "pino-pretty", options: { ignore: "pid,hostname" } } });
  }
  return pino(options);
}

/** Keeps the last three digits: enough to recognise, too few to call. `+34123456789` becomes `+********789`. */
export function maskPhone(text: string): string {
  return text.replaceAll(/\+?\d[\d\s().-]{5,}\d/g, (run) => {
    const digits = run.replaceAll(/\D/g, "");
    return `${run.startsWith("+") ? "+" : ""}${"*".repeat(digits.length - 3)}${digits.slice(-3)}`;
  });
}

function maskPhones(fields: Record<string, unknown>): Record<string, unknown> {
  const masked = { ...fields };
  for (const [name, value] of Object.entries(fields)) {
    if (PHONE_FIELDS.has(name) && typeof value === "string") masked[name] = maskPhone(value);
  }
  return masked;
}

function hasPretty(): boolean {
  try {
    import.meta.resolve("pino-pretty");
    return true;
  } catch {
    return false; // an optional package: JSON lines say the same
  }
}
