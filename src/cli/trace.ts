import { createReadStream, createWriteStream } from "node:fs";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGunzip, createGzip } from "node:zlib";
import type { Command } from "commander";
import { type CommandContext, createCommand, JSON_OPTION, type JsonOption, openApi, show } from "./command.ts";
import { CommandFailure } from "./exit.ts";
import type { FindPbx } from "./gaps.ts";
import { parseCount } from "./option-value.ts";
import { toTable } from "./table.ts";

/** What the tracker makes of a trace; the room telephony knows, main.ts passes it in. Throws `RangeError` for odd lines. */
export interface TraceTools {
  replayTrace(text: string, options: { country: string }): ReplayedTrace;
}

export interface ReplayedTrace {
  events: number;
  open: number;
  calls: readonly {
    call_uuid: string;
    direction: string;
    from: string | null;
    to: string | null;
    outcome: string;
    agent_extension: string | null;
    trunk: string | null;
    ring_seconds: number | null;
    talk_seconds: number | null;
    facts: readonly { ms: number; status: string | null; source: string }[];
  }[];
}

/** `enlace trace record` and `enlace trace replay`. */
export function createTrace(context: CommandContext, tools: TraceTools, findPbx: FindPbx): Command {
  const group = createCommand("trace", "record what a PBX says, without names and numbers, and see which calls result");
  group.addCommand(
    createCommand("record", "every number, name, host and id is replaced before it leaves Enlace")
      .argument("<pbx>", "id or name")
      .requiredOption("--out <file>", "file to write; .gz packs it")
      .option("--seconds <n>", "how long", parseCount, 60)
      .option("--megabytes <n>", "how much at most", parseCount, 10)
      .option(...JSON_OPTION)
      .action((named: string, options: RecordFlags) => record(context, { named, options, findPbx })),
  );
  group.addCommand(
    createCommand("replay", "show the calls that result from a trace; needs no running Enlace")
      .argument("<file>", "as recorded, .gz or not")
      .option("--country <country>", "of numbers without a country code, where the trace names none", "")
      .option(...JSON_OPTION)
      .action((file: string, options: ReplayFlags) => replay(context, tools, { file, options })),
  );
  return group;
}

interface RecordFlags extends JsonOption {
  out: string;
  seconds: number;
  megabytes: number;
}

interface Recording {
  named: string;
  options: RecordFlags;
  findPbx: FindPbx;
}

async function record(context: CommandContext, { named, options, findPbx }: Recording): Promise<void> {
  const { out, seconds, megabytes } = options;
  const api = await openApi(context);
  const { id, name } = await findPbx(api, named);
  const body = await api.stream(`/api/v1/pbxs/${id}/trace`, { seconds, megabytes });
  let lines = 0;
  const counted = Readable.from(body).on("data", (chunk: Buffer) => {
    for (const byte of chunk) if (byte === 10) lines++;
  });
  const file = createWriteStream(out, { flags: "wx", mode: 0o600 }); // never over a file that is there
  const { signal } = context;
  try {
    await (out.endsWith(".gz")
      ? pipeline(counted, createGzip(), file, { signal })
      : pipeline(counted, file, { signal }));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") throw new CommandFailure(`${out} is there already`);
    throw error;
  }
  show(context, options, { answer: { file: out, lines }, toText: () => `${lines} lines of ${name} are in ${out}.` });
}

interface ReplayFlags extends JsonOption {
  country: string;
}

const TEXT_CHARS_MAX = 200_000_000;

async function replay(
  context: CommandContext,
  tools: TraceTools,
  { file, options }: { file: string; options: ReplayFlags },
) {
  const answer = tryReplay(tools, file, { text: await readTrace(file), country: options.country });
  const toText = (): string => {
    const rows = answer.calls.map((call) => [
      call.call_uuid,
      call.direction,
      call.from,
      call.to,
      call.outcome,
      call.agent_extension,
      call.ring_seconds,
      call.talk_seconds,
      call.facts.length,
    ]);
    const head = ["Call", "Direction", "From", "To", "Outcome", "Agent", "Ring", "Talk", "Facts"];
    const sum = `${answer.events} lines, ${answer.calls.length} calls, ${answer.open} still open at the end.`;
    return `${toTable(context.terminal, head, rows)}\n${sum}`;
  };
  show(context, options, { answer, toText });
}

function tryReplay(
  tools: TraceTools,
  file: string,
  { text, country }: { text: string; country: string },
): ReplayedTrace {
  try {
    return tools.replayTrace(text, { country });
  } catch (error) {
    if (error instanceof RangeError) throw new CommandFailure(`${file}: ${error.message}`);
    throw error;
  }
}

async function readTrace(file: string): Promise<string> {
  const source = createReadStream(file);
  const chunks: Buffer[] = [];
  let length = 0;
  const collect = async (from: AsyncIterable<Buffer>): Promise<void> => {
    for await (const chunk of from) {
      length += chunk.length;
      if (length > TEXT_CHARS_MAX) throw new CommandFailure(`${file} is too large to be a trace`);
      chunks.push(chunk);
    }
  };
  try {
    await (file.endsWith(".gz") ? pipeline(source, createGunzip(), collect) : pipeline(source, collect));
  } catch (error) {
    if (error instanceof CommandFailure) throw error;
    throw new CommandFailure(`${file} cannot be read: ${error instanceof Error ? error.message : ""}`);
  }
  return Buffer.concat(chunks).toString("utf8");
}
