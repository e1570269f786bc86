import { createHmac } from "node:crypto";
import { type Command, Option } from "commander";
import { toErrorMessage } from "../core/errors.ts";
import { createDeadline } from "../kit/clock.ts";
import { type CommandContext, createCommand } from "./command.ts";
import { CommandFailure, wrongUsage } from "./exit.ts";
import { parseCount } from "./option-value.ts";
import { readSecretValue } from "./secret-value.ts";
import { toPrintable } from "./table.ts";

/** The call of the documentation, field by field in its order. */
const DOCUMENTED_CALL = {
  call_uuid: "uuid-555",
  from: "+34123456789",
  to: "+34900112233",
  direction: "inbound",
  start_time: "2025-08-02T14:00:00Z",
  end_time: "2025-08-02T14:02:30Z",
  status: "completed",
  recording_url: "https://pbx.example.com/recordings/uuid-555.mp3",
  agent_ext: "1001",
  pbx_system: "centralita1",
} as const;
export type TestCall = Record<keyof typeof DOCUMENTED_CALL, string>;

export const SIGNATURE_MODES = ["raw", "python-json"] as const;
export type SignatureMode = (typeof SIGNATURE_MODES)[number];

interface Options {
  uuid?: string;
  fresh?: boolean;
  from?: string;
  to?: string;
  direction?: string;
  status?: string;
  secret?: string;
  tenant?: string;
  wait?: number;
  mode: SignatureMode;
  times: number;
  json?: boolean;
}

export function createSendTestCall(context: CommandContext): Command {
  return createCommand("send-test-call", "send the documented call to the signed webhook, as a PBX would")
    .option("--uuid <uuid>", `call_uuid (default: ${DOCUMENTED_CALL.call_uuid}, the documented one)`)
    .option("--fresh", "a call that Enlace has not seen: a new call_uuid, just ended")
    .option("--from <number>", "caller")
    .option("--to <number>", "called")
    .option("--direction <direction>", "inbound, outbound or internal")
    .option("--status <status>", "ringing, answered, completed, missed, busy …")
    .option("--secret <secret>", "webhook secret: @file, - for standard input (default: WEBHOOK_SECRET)")
    .option("--tenant <number>", "number of the tenant, when it is not the default one")
    .option("--wait <seconds>", "ask to wait until it is delivered", parseCount)
    .addOption(new Option("--mode <mode>", "what is signed").choices(SIGNATURE_MODES).default("raw"))
    .option("--times <n>", "send it n times, to see that it has one effect", parseCount, 1)
    .option("--json", "print only the answers, one JSON a line")
    .action((options: Options) => sendTestCall(context, options));
}

async function sendTestCall(context: CommandContext, options: Options): Promise<void> {
  const { terminal } = context;
  const config = context.readConfig();
  const secret = options.secret ? await readSecretValue(terminal, options.secret) : config.webhookSecret;
  if (!secret) throw wrongUsage("with which secret?", "Set WEBHOOK_SECRET, or give --secret @file or --secret -.");
  const { body, signature } = signCall(toTestCall(options, context), secret, options.mode);
  const headers = {
    "Content-Type": "application/json",
    "X-Signature": signature,
    ...(options.tenant !== undefined && { "X-Enlace-Tenant": options.tenant }),
    ...(options.wait !== undefined && { Prefer: `wait=${options.wait}` }),
  };
  const url = `${config.url}/webhook/call`;
  if (!options.json) terminal.print(toRequestText(url, headers, body));
  let refused = 0;
  for (let sent = 0; sent < options.times; sent++) {
    const { status, text } = await post({ context, url, headers, body, waitSeconds: options.wait ?? 0 });
    terminal.print(options.json ? oneLine(text) : `\n${toStatusText(context, status)}\n${toPrintable(text)}`);
    if (status >= 300) refused++;
  }
  if (refused > 0) throw new CommandFailure(`${refused} of ${options.times} calls were refused`);
}

/** The documented call with what the options say differently. */
export function toTestCall(options: Partial<Options>, { clock, random }: Pick<CommandContext, "clock" | "random">) {
  const uuid = options.uuid ?? (options.fresh ? `test-${random.uuid()}` : DOCUMENTED_CALL.call_uuid);
  const end = clock.now();
  const start = new Date(end.getTime() - 150_000);
  const call: TestCall = {
    ...DOCUMENTED_CALL,
    call_uuid: uuid,
    ...(options.fresh && { start_time: toWire(start), end_time: toWire(end) }),
    ...(uuid !== DOCUMENTED_CALL.call_uuid && { recording_url: `https://pbx.example.com/recordings/${uuid}.mp3` }),
    ...(options.from !== undefined && { from: options.from }),
    ...(options.to !== undefined && { to: options.to }),
    ...(options.direction !== undefined && { direction: options.direction }),
    ...(options.status !== undefined && { status: options.status }),
  };
  return call;
}

/** `python-json` sends indented JSON and signs what Python's json.dumps makes of it, like the documented recipe. */
export function signCall(
  call: Readonly<Record<string, string>>,
  secret: string,
  mode: SignatureMode,
): { body: string; signature: string } {
  const body = JSON.stringify(call, null, 2);
  const signed = mode === "raw" ? body : toPythonJson(call);
  return { body, signature: createHmac("sha256", secret).update(signed, "utf8").digest("hex") };
}

function toPythonJson(call: Readonly<Record<string, string>>): string {
  const quoted = (text: string): string => JSON.stringify(text).replaceAll(/[^ -~]/g, toEscape);
  return `{${Object.entries(call)
    .map(([name, value]) => `${quoted(name)}: ${quoted(value)}`)
    .join(", ")}}`;
}

const toEscape = (unit: string): string => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;

interface Post {
  context: CommandContext;
  url: string;
  headers: Record<string, string>;
  body: string;
  waitSeconds: number;
}

async function post({ context, url, headers, body, waitSeconds }: Post): Promise<{ status: number; text: string }> {
  const deadline = createDeadline(context.clock, 30_000 + waitSeconds * 1000, context.signal);
  try {
    const answer = await fetch(url, { method: "POST", headers, body, signal: deadline.signal });
    return { status: answer.status, text: await answer.text() };
  } catch (error) {
    const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
    const reason = (cause as NodeJS.ErrnoException).code ?? toErrorMessage(cause);
    throw new CommandFailure(`nothing answers at ${url} (${reason})`, {
      hints: ["Start Enlace with `enlace start`, or say where it is with ENLACE_URL."],
      cause: error,
    });
  } finally {
    deadline.release();
  }
}

function toRequestText(url: string, headers: Readonly<Record<string, string>>, body: string): string {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  return [`POST ${url}`, ...lines, "", body].join("\n");
}

function toStatusText({ terminal }: CommandContext, status: number): string {
  return terminal.paint(status < 300 ? "green" : "red", `HTTP ${status}`);
}

const toWire = (at: Date): string => at.toISOString().replace(/\.\d+Z$/, "Z");
const oneLine = (text: string): string => toPrintable(text.replaceAll(/\s*\n\s*/g, " "));
