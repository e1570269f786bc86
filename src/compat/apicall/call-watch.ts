import { toCode, toStatus } from "./codes.ts";
import type { LoggedCall } from "./logs.ts";
import { toNumericId, toOlderNumber } from "./wire.ts";

/** What became different since the last look at a tenant's calls. */
export interface CallEvent {
  type: "call_start" | "call_update" | "call_end";
  projectNumber: string;
  campaignId: string | null;
  data: object;
}

/** Finds what happened between two looks. A call that began and ended between them has both its events. */
export interface CallWatch {
  /** Calls that were going on at the last look. */
  knownIds(): string[];
  /** The first look only learns what there is. */
  look(calls: readonly LoggedCall[]): CallEvent[];
}

/** Ends are asked for with some overlap; so many are remembered as told. */
const TOLD_MAX = 50_000;

export function createCallWatch(): CallWatch {
  const open = new Map<string, string>();
  const told = new Set<string>();
  let isFirst = true;

  function end(call: LoggedCall): CallEvent[] {
    if (told.has(call.id)) return [];
    told.add(call.id);
    for (const oldest of told) {
      if (told.size <= TOLD_MAX) break;
      told.delete(oldest);
    }
    return open.delete(call.id)
      ? [toEvent("call_end", call)]
      : [toEvent("call_start", call), toEvent("call_end", call)];
  }

  function goOn(call: LoggedCall): CallEvent[] {
    const [before, status] = [open.get(call.id), statusOf(call)];
    open.set(call.id, status);
    if (before === undefined) return [toEvent("call_start", call)];
    return before === status ? [] : [toEvent("call_update", call)];
  }

  return {
    knownIds: () => [...open.keys()],
    look: (calls) => {
      const events = calls.flatMap((call) => (call.state === "ended" ? end(call) : goOn(call)));
      const isBaseline = isFirst;
      isFirst = false;
      return isBaseline ? [] : events;
    },
  };
}

const statusOf = (call: LoggedCall): string => toStatus({ ...call, amd: call.amdStatus });

function toEvent(type: CallEvent["type"], call: LoggedCall): CallEvent {
  const { projectNumber, campaignId } = call;
  const data = {
    id: call.id,
    proyecto_id: toNumericId(projectNumber),
    campaign_id: campaignId === null ? null : toNumericId(campaignId),
    telefono: toOlderNumber(call.number),
    status: statusOf(call),
    disposition: call.disposition && toCode(call.disposition),
    dtmf_marcado: call.digit,
  };
  return { type, projectNumber, campaignId, data };
}
