import { type Answered, toMoreLines } from "./pacing.ts";

/*
 * A call centre in seconds of its own: people who talk, lines that ring, persons who answer with a chance that wanders through
 * the day, phones at desks that are sometimes not picked up. For the proof that the cap is kept.
 */
export interface FloorOptions {
  agents: number;
  /** Of a working day. */
  seconds: number;
  /** Highest and lowest chance that a line is answered by a person; it wanders between them. */
  answered: { from: number; to: number };
  talkSeconds: number;
  ringSeconds: number;
  /** Chance that a free person does not pick up in time. */
  missed: number;
  shareMax: number;
  /** One line for each who is free, never more: what it is compared with. */
  isOneToOne?: boolean;
}

export interface FloorDay extends Answered {
  dialed: number;
}

type Event = { at: number; kind: "answer"; isLive: boolean } | { at: number; kind: "free" };

const SEEN_DAYS = 7;
const MONTH_DAYS = 30;

/** Plays `days` one after the other; the counts of each are what the next ones are paced by. */
export function playFloor(options: FloorOptions, days: number, fraction: () => number): FloorDay[] {
  const played: FloorDay[] = [];
  for (let day = 0; day < days; day++) played.push(playDay(options, played, fraction));
  return played;
}

export function sumDays(days: readonly FloorDay[]): FloorDay {
  return days.reduce(
    (sum, day) => ({
      live: sum.live + day.live,
      abandoned: sum.abandoned + day.abandoned,
      dialed: sum.dialed + day.dialed,
    }),
    { live: 0, abandoned: 0, dialed: 0 },
  );
}

function playDay(options: FloorOptions, before: readonly FloorDay[], fraction: () => number): FloorDay {
  const { agents, seconds, answered, talkSeconds, ringSeconds, shareMax } = options;
  const [month, seen] = [sumDays(before.slice(-(MONTH_DAYS - 1))), sumDays(before.slice(-SEEN_DAYS))];
  const today: FloorDay = { live: 0, abandoned: 0, dialed: 0 };
  const queue = createQueue();
  const exponential = (mean: number): number => -mean * Math.log(1 - fraction());
  let [now, free, ringing, ended] = [0, agents, 0, 0];
  const phase = fraction() * Math.PI * 2;

  const dial = (): void => {
    const more = options.isOneToOne
      ? Math.max(0, free - ringing)
      : toMoreLines({
          ...{ free, unassigned: 0, ringing, shareMax, today },
          seen: { ended: seen.dialed + ended, live: seen.live + today.live },
          month: { live: month.live + today.live, abandoned: month.abandoned + today.abandoned },
        });
    for (let line = 0; line < more; line++) {
      const chance =
        answered.from + (answered.to - answered.from) * (0.5 + 0.5 * Math.sin(phase + (now / seconds) * 6));
      queue.push({ at: now + 1 + exponential(ringSeconds), kind: "answer", isLive: fraction() < chance });
      today.dialed++;
      ringing++;
    }
  };

  dial();
  for (let event = queue.pop(); event; event = queue.pop()) {
    now = event.at;
    if (event.kind === "free") free++;
    else {
      ringing--;
      ended++;
      if (event.isLive) {
        today.live++;
        if (free > 0 && fraction() >= options.missed) {
          free--;
          queue.push({ at: now + 5 + exponential(talkSeconds), kind: "free" });
        } else today.abandoned++;
      }
    }
    if (now < seconds) dial();
  }
  return today;
}

/** A heap by instant. */
function createQueue() {
  const heap: Event[] = [];
  const at = (index: number): number => heap[index]?.at ?? Number.POSITIVE_INFINITY;
  const swap = (a: number, b: number): void => {
    [heap[a], heap[b]] = [heap[b] as Event, heap[a] as Event];
  };
  return {
    push: (event: Event): void => {
      heap.push(event);
      for (let index = heap.length - 1; index > 0; ) {
        const parent = (index - 1) >> 1;
        if (at(parent) <= at(index)) break;
        swap(parent, index);
        index = parent;
      }
    },
    pop: (): Event | undefined => {
      const first = heap[0];
      const last = heap.pop();
      if (first === undefined || last === undefined || heap.length === 0) return first;
      heap[0] = last;
      for (let index = 0; ; ) {
        const [left, right] = [2 * index + 1, 2 * index + 2];
        const least = at(left) < at(right) ? left : right;
        if (at(least) >= at(index)) break;
        swap(least, index);
        index = least;
      }
      return first;
    },
  };
}
