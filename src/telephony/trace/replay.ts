import { type Call, reduceCall } from "../../core/call.ts";
import { toPartyText } from "../../core/phone-number.ts";
import { createFactWriter, type TrackedFact } from "../tracker/call-facts.ts";
import { createCallTracker } from "../tracker/call-tracker.ts";
import { createPbxPlan } from "../tracker/channel-name.ts";
import { parseTraceLine, type TraceLine, type TracePlan, toTraceItems, toTracePlan } from "./trace-line.ts";

export interface ReplayedCall {
  callUuid: string;
  call: Call;
  facts: readonly TrackedFact[];
}

export interface Replay {
  events: number;
  calls: readonly ReplayedCall[];
  /** Calls that were still going on when the trace ended. */
  open: number;
}

/** Whoever is not in the plan: short names are extensions, others trunks; see tracker/channel-name.ts. */
const NO_PLAN: TracePlan = { extensions: new Map(), trunks: new Set(), country: "" };
export const TRACE_START = new Date("2026-01-01T00:00:00Z");

/** Runs the tracker over a trace. `country` stands in where the trace names none. Throws `RangeError` naming the odd line. */
export function replayTrace(text: string, { country }: { country: string }): Replay {
  const lines = parseLines(text);
  const plan = (lines[0] && toTracePlan(lines[0])) ?? NO_PLAN;
  const facts = createFactWriter({ pbx: "trace", callIdPrefix: "", country: plan.country || country });
  const tracker = createCallTracker({ plan: createPbxPlan(plan), facts });
  const told = toTraceItems(lines, TRACE_START).flatMap((item) => tracker.take(item));
  const byCall = Map.groupBy(told, ({ callUuid }) => callUuid);
  const calls = [...byCall].map(([callUuid, own]) => ({
    callUuid,
    call: reduceCall(own.map(({ fact }) => fact)),
    facts: own,
  }));
  return { events: lines.length, calls, open: tracker.size().calls };
}

function parseLines(text: string): TraceLine[] {
  return text.split("\n").flatMap((line, index) => {
    if (line.trim() === "") return [];
    try {
      return [parseTraceLine(line)];
    } catch (error) {
      throw new RangeError(`line ${index + 1} ${error instanceof Error ? error.message : ""}`);
    }
  });
}

/** As `enlace trace replay` shows it and writes it as JSON. */
export function toReplayedTrace({ events, calls, open }: Replay) {
  return { events, open, calls: calls.map(toItem) };
}

function toItem({ callUuid, call, facts }: ReplayedCall) {
  return {
    call_uuid: callUuid,
    direction: call.direction,
    from: call.from && toPartyText(call.from),
    to: call.to && toPartyText(call.to),
    outcome: call.outcome,
    agent_extension: call.agentExtension,
    trunk: call.trunk,
    ring_seconds: call.ringSeconds,
    talk_seconds: call.talkSeconds,
    facts: facts.map(({ fact }) => ({
      ms: fact.at.getTime() - TRACE_START.getTime(),
      status: fact.status ?? null,
      source: fact.source,
    })),
  };
}
