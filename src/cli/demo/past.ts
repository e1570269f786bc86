import type { Random } from "../../kit/random.ts";
import { between, type CallCourse, type CallPayload, type DemoPerson, pick, toCallEnd } from "./call-stream.ts";
import type { Ledger } from "./ledger.ts";
import { AGENTS } from "./team.ts";

/**
 * The days before the demo: calls that are long over, told by the same signed webhook as those of today, so that reports,
 * charts and the list of calls have something to show. Synthetic people, a bounded number of calls.
 */

export interface PastOptions {
  /** How many calls, those of callers who try again included. */
  calls: number;
  now: Date;
  toRecordingUrl(callUuid: string): string;
}

const DAYS = 10;
const TOLD_AT_ONCE = 20;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** So many of the calls are of the last hour, whatever the time of day: the first chart that is seen has a course. */
const RECENT_SHARE = 0.08;
const CALLERS = 80;
/** Nobody has these numbers either. */
const FIRST_CALLER = 34_600_002_000;
const FIRST_NAMES = ["Elena", "Iván", "Carmen", "Mateo", "Olga", "Jordi", "Nadia", "Bruno"];
const LAST_NAMES = ["Ficticio Sanz", "Supuesta Gil", "Imaginario Rey", "De Prueba Mora", "Inventada Cruz"];

/** Who has called before. Every second one is known to the CRM. */
export const CALLERS_OF_THE_PAST: readonly DemoPerson[] = Array.from({ length: CALLERS }, (_, index) => ({
  firstName: FIRST_NAMES[index % FIRST_NAMES.length] ?? "",
  lastName: LAST_NAMES[index % LAST_NAMES.length] ?? "",
  number: `+${FIRST_CALLER + index}`,
}));

/** How busy an hour of the day is, from 0 to 1, for a call centre that closes at noon for lunch. */
const HOURS = [
  0, 0, 0, 0, 0, 0, 0, 0.05, 0.35, 0.8, 1, 0.95, 0.85, 0.6, 0.35, 0.4, 0.75, 0.9, 0.7, 0.4, 0.15, 0.05, 0, 0,
];
/** The same of the days of the week, Sunday first. */
const WEEKDAYS = [0.06, 1, 0.9, 0.85, 0.9, 0.8, 0.25];
const DAY_NAMES = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];

const RING_MS = [3_000, 22_000] as const;
const TALK_MS = [20_000, 420_000] as const;
const CALLED_BACK_AFTER_MS = [4 * 60_000, 110 * 60_000] as const;

/** What the PBX would have said at the end of each call, the oldest first. */
export function createPast(random: Random, { calls, now, toRecordingUrl }: PastOptions): CallPayload[] {
  const told: { at: Date; payload: CallPayload }[] = [];
  const add = (at: Date, call: Pick<CallCourse, "number" | "isInbound" | "ending">): void => {
    const uuid = `past-${random.uuid().slice(0, 8)}-${told.length + 1}`;
    const lengths = { ringMs: between(random, RING_MS), talkMs: between(random, TALK_MS) };
    const payload = toCallEnd({ ...call, uuid, at, ...lengths, agent: pick(random, AGENTS), toRecordingUrl });
    if (Date.parse(payload.end_time ?? "") < now.getTime()) told.push({ at, payload });
  };
  while (told.length < calls) {
    const at =
      told.length < calls * RECENT_SHARE
        ? new Date(now.getTime() - HOUR_MS * random.fraction())
        : toWorkingTime(random, now);
    const { number } = pick(random, CALLERS_OF_THE_PAST);
    const isInbound = random.fraction() < 0.75;
    const luck = random.fraction();
    const ending = luck < 0.8 ? "completed" : luck < 0.95 ? "missed" : "busy";
    add(at, { number, isInbound, ending });
    // Most who called in vain are called back.
    if (isInbound && ending === "missed" && random.fraction() < 0.75)
      add(new Date(at.getTime() + between(random, CALLED_BACK_AFTER_MS)), {
        number,
        isInbound: false,
        ending: "completed",
      });
  }
  return told
    .slice(0, calls)
    .sort((a, b) => a.at.getTime() - b.at.getTime())
    .map(({ payload }) => payload);
}

const madridTime = new Intl.DateTimeFormat("en-GB", {
  ...{ timeZone: "Europe/Madrid", weekday: "short", hour: "2-digit", hourCycle: "h23" },
});

/** Some instant of the last days, the likelier the busier its hour. */
function toWorkingTime(random: Random, now: Date): Date {
  for (;;) {
    const at = new Date(now.getTime() - DAYS * DAY_MS * random.fraction());
    const parts = new Map(madridTime.formatToParts(at).map(({ type, value }) => [type, value]));
    const hour = HOURS[Number(parts.get("hour"))] ?? 0;
    const day = WEEKDAYS[DAY_NAMES.indexOf(parts.get("weekday") ?? "")] ?? 0;
    if (random.fraction() < hour * day) return at;
  }
}

/** Tells them all, some at a time; each that was taken is owed to the CRM. */
export async function tellPast(
  past: readonly CallPayload[],
  { tell, ledger }: { tell(payload: CallPayload): Promise<boolean>; ledger: Ledger },
): Promise<void> {
  const waiting = past.values();
  const work = async (): Promise<void> => {
    for (const payload of waiting) {
      if (await tell(payload)) ledger.onAccepted(payload.call_uuid, true);
      else ledger.onRefused();
    }
  };
  await Promise.all(Array.from({ length: TOLD_AT_ONCE }, work));
}
