import { toErrorMessage } from "../../core/errors.ts";
import type { Clock } from "../../kit/clock.ts";
import type { Random } from "../../kit/random.ts";
import type { AmiMessage } from "../ami/message.ts";
import { AmiSession, isSuccess } from "../ami/session.ts";
import type { PbxSettings } from "../pbx.ts";
import { type Anonymiser, createAnonymiser } from "./anonymiser.ts";
import { type TraceLine, type TracePlan, toHeaderLine } from "./trace-line.ts";

export interface TraceOptions {
  settings: Pick<PbxSettings, "address" | "extensions" | "trunks" | "country">;
  durationMs: number;
  /** Of text; the recording ends when it is reached. */
  charsMax: number;
  clock: Clock;
  random: Random;
  signal: AbortSignal;
}

const EVENT_CLASSES = "call,agent,cdr";
/** Lines that wait for a slow reader; more of them end the recording, since a trace with holes misleads. */
const WAITING_MAX = 20_000;

/**
 * Records what a PBX says on a connection of its own, disguised before it leaves this function: lines of JSON, the first ones at
 * once. Rejects when the PBX cannot be reached or refuses; ends with an `EnlaceTraceEnd` line that says why it ended.
 */
export async function* recordTrace(options: TraceOptions): AsyncGenerator<string> {
  const { settings, clock, random, signal, durationMs } = options;
  const anonymiser = createAnonymiser({ random });
  const waiting: TraceLine[] = [];
  let bell = Promise.withResolvers<void>();
  let endedBy: string | undefined;
  const startedMs = clock.monotonicMs();
  const end = (why: string): void => {
    endedBy ??= why;
    bell.resolve();
  };

  function put(line: Record<string, string> | undefined): void {
    if (!line || endedBy) return;
    if (waiting.length >= WAITING_MAX) end("the reader was too slow");
    waiting.push({ ms: Math.round(clock.monotonicMs() - startedMs), ...line });
    bell.resolve();
  }
  const take = (message: AmiMessage): void => {
    try {
      put(anonymiser.message(message));
    } catch (error) {
      end(toErrorMessage(error)); // too many different names
    }
  };

  const session = await AmiSession.open(
    {
      address: settings.address,
      clock,
      eventClasses: EVENT_CLASSES,
      onEvent: take,
      onOversized: () => end("an event was too large"),
    },
    signal,
  );
  const cancel = clock.after(durationMs, () => end("the time is over"));
  const abort = (): void => end("stopped");
  signal.addEventListener("abort", abort, { once: true });
  void session.closed.then(() => end("the PBX closed the connection"));
  try {
    let chars = 0;
    const write = (line: TraceLine): string => {
      const text = `${JSON.stringify(line)}\n`;
      chars += text.length;
      if (chars > options.charsMax) end("the trace has its full size");
      return text;
    };
    const begin = [toHeaderLine(disguisePlan(settings, anonymiser)), ...(await loadSnapshot(session, anonymiser))];
    for (const line of begin) yield write(line);
    while (!endedBy || waiting.length > 0) {
      await (endedBy || waiting.length > 0 ? undefined : bell.promise);
      bell = Promise.withResolvers();
      for (const line of waiting.splice(0)) if (chars <= options.charsMax) yield write(line);
    }
    yield write({ ms: Math.round(clock.monotonicMs() - startedMs), Event: "EnlaceTraceEnd", Why: endedBy ?? "" });
  } finally {
    cancel();
    signal.removeEventListener("abort", abort);
    session.close(new Error("the trace is over"));
  }
}

/** Peers that are people's names are disguised as the channels are. */
function disguisePlan({ extensions, trunks, country }: TraceOptions["settings"], { value }: Anonymiser): TracePlan {
  const phones = [...extensions].map(
    ([peer, extension]) => [value("Channel", peer), value("Exten", extension)] as const,
  );
  return { extensions: new Map(phones), trunks: new Set([...trunks].map((trunk) => value("Channel", trunk))), country };
}

/** What goes on when the recording begins; events that arrive meanwhile follow it. */
async function loadSnapshot(session: AmiSession, anonymiser: Anonymiser): Promise<TraceLine[]> {
  let list = await session.list({ name: "CoreShowChannels" });
  if (!isSuccess(list.response)) list = await session.list({ name: "Status" });
  const channels = list.items.flatMap((item) => {
    const line = anonymiser.message(item);
    return line ? [{ ms: 0, ...line, Event: "CoreShowChannel" }] : [];
  });
  return [...channels, { ms: 0, Event: "CoreShowChannelsComplete" }];
}
