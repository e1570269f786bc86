import { AmiMessage } from "../ami/message.ts";
import type { AmiItem } from "../ami/stream.ts";

/**
 * One line of a trace: an AMI event as JSON, with `ms`, the milliseconds since the trace began. The first line, an event of our
 * own, says which phones and trunks the PBX has; channels that were there at the beginning follow as `CoreShowChannel`. Files of
 * src/telephony/tracker/fixtures have the same format.
 */
export type TraceLine = { ms: number } & Record<string, string | number>;

export const HEADER_EVENT = "EnlaceTrace";
export const LINE_CHARS_MAX = 65_536;

/** How the PBX of a trace is laid out. */
export interface TracePlan {
  /** Peer name → extension. */
  extensions: ReadonlyMap<string, string>;
  trunks: ReadonlySet<string>;
  /** ISO 3166-1 alpha-2. */
  country: string;
}

export function toHeaderLine({ extensions, trunks, country }: TracePlan): TraceLine {
  const phones = [...extensions].map(([peer, extension]) => `${peer}=${extension}`).join(" ");
  return {
    ms: 0,
    Event: HEADER_EVENT,
    Version: "1",
    Extensions: phones,
    Trunks: [...trunks].join(" "),
    Country: country,
  };
}

/** Throws `RangeError` when the text is not a line of a trace. */
export function parseTraceLine(text: string): TraceLine {
  const line: unknown = text.length > LINE_CHARS_MAX ? undefined : tryJson(text);
  const isLine =
    typeof line === "object" &&
    line !== null &&
    typeof (line as TraceLine).ms === "number" &&
    typeof (line as TraceLine).Event === "string";
  if (!isLine) throw new RangeError("is not a line of a trace: JSON with `ms` and `Event`");
  return line as TraceLine;
}

function tryJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // the caller says what is wrong
  }
}

/** What the first line says; `undefined` when it is another event. */
export function toTracePlan(line: TraceLine): TracePlan | undefined {
  if (line.Event !== HEADER_EVENT) return undefined;
  const words = (name: string): string[] =>
    String(line[name] ?? "")
      .split(" ")
      .filter((word) => word !== "");
  const phones = words("Extensions").map((pair) => pair.split("=") as [string, string]);
  return { extensions: new Map(phones), trunks: new Set(words("Trunks")), country: String(line.Country ?? "") };
}

/** Lines as the items of a stream; what it began with is one snapshot. `startAt` is when the trace begins. */
export function toTraceItems(lines: readonly TraceLine[], startAt: Date): AmiItem[] {
  const items: AmiItem[] = [];
  let channels: AmiMessage[] = [];
  for (const { ms, ...fields } of lines) {
    const message = new AmiMessage(Object.entries(fields).flatMap(([name, value]) => [name, String(value)]));
    const at = new Date(startAt.getTime() + ms);
    if (fields.Event === "CoreShowChannel") channels.push(message);
    else if (fields.Event === "CoreShowChannelsComplete") {
      items.push({ kind: "snapshot", at, channels, after: "connect" });
      channels = [];
    } else if (fields.Event !== HEADER_EVENT) items.push({ kind: "event", at, message });
  }
  return items;
}
