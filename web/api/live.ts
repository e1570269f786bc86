// What happens now, as the server tells it: one stream for the whole tab, shared by whoever shows a part of it. Where a stream
// does not get through (a proxy that waits for its end), the same picture is asked for every two seconds.
import { api, ask, fetchSigned } from "./client.ts";
import { toRefusal } from "./problem.ts";
import type { Schemas } from "./schema.gen.ts";

export type LiveCall = Schemas["LiveCall"];

/** What is told beside calls, by the name of its event. */
interface Boards {
  agents: Schemas["LiveAgent"];
  trunks: Schemas["LiveTrunk"];
  campaigns: Schemas["LiveCampaign"];
  lanes: Schemas["LiveLane"];
  pbxs: Schemas["LivePbx"];
  activity: Schemas["LiveActivity"];
}
type BoardName = keyof Boards;
/** `null`: not known yet, or not for this person. */
type ShownBoards = { [B in BoardName]: readonly Boards[B][] | null };

export interface LivePicture extends ShownBoards {
  /** The newest first. */
  calls: readonly LiveCall[];
  /** There are more than these. */
  more: boolean;
  mode: "waiting" | "stream" | "polling";
  /** Why nothing comes just now. */
  error: unknown;
}

/** What tells one item of a board from the others. */
const KEYS: { [B in BoardName]: (item: Boards[B]) => string } = {
  agents: ({ extension }) => extension,
  trunks: ({ key }) => key,
  campaigns: ({ id }) => id,
  lanes: ({ id }) => id,
  pbxs: ({ id }) => id,
  activity: ({ span }) => span,
};
const isBoard = (name: string): name is BoardName => name in KEYS;

const NOTHING: LivePicture = {
  ...{ calls: [], more: false, mode: "waiting", error: null },
  ...{ agents: null, trunks: null, campaigns: null, lanes: null, pbxs: null, activity: null },
};
const POLL_MS = 2_000;
const AGAIN_MS = 1_000;
/** A stream that says nothing at first is held back by somebody between us and the server. */
const FIRST_WORD_MS = 6_000;
/** The server gives a sign of life every ten seconds. */
const SILENCE_MS = 30_000;
/** Polling this often, a stream is tried again. */
const POLLS_BEFORE_STREAM = 30;

let picture = NOTHING;
let byId = new Map<string, LiveCall>();
let lastEventId = "";
let running: AbortController | null = null;
const listeners = new Set<() => void>();

export const currentLive = (): LivePicture => picture;

/** The stream begins with the first who listens and ends with the last. */
export function subscribeLive(listener: () => void): () => void {
  listeners.add(listener);
  if (!running) {
    running = new AbortController();
    void run(running.signal);
  }
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0) return;
    running?.abort();
    running = null;
    [picture, byId, lastEventId] = [NOTHING, new Map(), ""];
  };
}

function show(changes: Partial<LivePicture>): void {
  note(changes);
  tell();
}

/** What came together is shown together: one drawing for all events of a piece of the stream. */
function note(changes: Partial<LivePicture>): void {
  picture = { ...picture, ...changes };
}

function tell(): void {
  for (const listener of listeners) listener();
}

async function run(signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    let wasHeard = false;
    try {
      await listen(signal, () => {
        wasHeard = true;
      });
    } catch (error) {
      if (signal.aborted) return;
      if (wasHeard) show({ error, mode: "waiting" });
    }
    if (wasHeard) await wait(AGAIN_MS, signal);
    else for (let polls = 0; polls < POLLS_BEFORE_STREAM && !signal.aborted; polls += 1) await poll(signal);
  }
}

/** Resolves when the server ends the stream, as it does with each new token. */
async function listen(signal: AbortSignal, onHeard: () => void): Promise<void> {
  const silence = new AbortController();
  const ends = AbortSignal.any([signal, silence.signal]);
  let timer = setTimeout(() => silence.abort(), FIRST_WORD_MS);
  try {
    const headers = { accept: "text/event-stream", ...(lastEventId && { "last-event-id": lastEventId }) };
    const response = await fetchSigned(new Request("/api/v1/live", { headers, signal: ends }));
    if (!response.ok) throw toRefusal(response, await response.json().catch(() => null));
    if (!response.body) return;
    const parse = createEventParser(onEvent);
    for (const reader = response.body.pipeThrough(new TextDecoderStream()).getReader(); ; ) {
      const { done, value } = await reader.read();
      if (done) return;
      if (!parse(value)) continue;
      tell();
      onHeard();
      clearTimeout(timer);
      timer = setTimeout(() => silence.abort(), SILENCE_MS);
    }
  } finally {
    clearTimeout(timer);
  }
}

async function poll(signal: AbortSignal): Promise<void> {
  try {
    const { calls, more, ...boards } = await ask(api.GET("/api/v1/live", { signal }));
    [byId, lastEventId] = [new Map(calls.map((call) => [call.id, call])), ""];
    show({ ...boards, calls, more, mode: "polling", error: null });
  } catch (error) {
    if (!signal.aborted) show({ error });
  }
  await wait(POLL_MS, signal);
}

const HEARD = { mode: "stream", error: null } as const;

function onEvent(event: string, data: string, id: string): void {
  if (id) lastEventId = id;
  const told = JSON.parse(data);
  const [name = "", isChange] = event.split(".");
  if (event === "calls") {
    byId = new Map((told.calls as LiveCall[]).map((call) => [call.id, call]));
    note({ calls: told.calls, more: told.more, ...HEARD });
  } else if (event === "change") {
    for (const gone of told.gone as string[]) byId.delete(gone);
    for (const call of told.set as LiveCall[]) byId.set(call.id, call);
    note({ calls: [...byId.values()].sort(newestFirst), more: told.more, ...HEARD });
  } else if (isBoard(name)) note({ [name]: isChange ? toChanged(name, told) : told.items, ...HEARD });
}

/** Items stay in their places; those that are new come last. */
function toChanged<B extends BoardName>(name: B, told: { set: Boards[B][]; gone: string[] }): Boards[B][] {
  const toKey: (item: Boards[B]) => string = KEYS[name];
  const items = new Map((picture[name] as readonly Boards[B][] | null)?.map((item) => [toKey(item), item]));
  for (const gone of told.gone) items.delete(gone);
  for (const item of told.set) items.set(toKey(item), item);
  return [...items.values()];
}

const newestFirst = (left: LiveCall, right: LiveCall): number =>
  left.started_at === right.started_at
    ? Number(BigInt(right.id) - BigInt(left.id))
    : left.started_at < right.started_at
      ? 1
      : -1;

/** Takes the stream piece by piece; says whether the piece ended an event. */
export function createEventParser(
  onParsed: (name: string, data: string, id: string) => void,
): (piece: string) => boolean {
  let rest = "";
  return (piece) => {
    const blocks = (rest + piece).split("\n\n");
    rest = blocks.pop() ?? "";
    let isHeard = false;
    for (const block of blocks) {
      const fields = new Map(
        block
          .split("\n")
          .filter((line) => !line.startsWith(":"))
          .map((line) => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 1).trimStart()]),
      );
      const [name, data] = [fields.get("event"), fields.get("data")];
      if (name === undefined || data === undefined) continue;
      isHeard = true;
      onParsed(name, data, fields.get("id") ?? "");
    }
    return isHeard;
  };
}

function wait(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener("abort", done, { once: true });
  });
}
