import { expectedOverflow, mostSurely, roughUpperBound, worstOverflow } from "./confidence.ts";

/*
 * How many lines may be dialled for people who are free now. A line of its own for each of them always may: nobody who answers
 * is left alone as long as the phones at the desks are picked up. More lines than that are dialled only while it is sure enough
 * that the share of people who answered and found nobody stays under the cap:
 *
 *   sure      the upper end of the 95 % interval of the last 30 days, with what is under way counted at its worst, is under the cap
 *   today     so is the share of today alone: days that each keep the cap make months that keep it, whichever days leave the month
 *   modest    what is to be expected of these lines is at most half the cap
 *
 * Above the cap, there are two free people for each line until it is kept again; for somebody alone there is the one.
 */
export interface PacingQuestion {
  /** People who could take a call at once. */
  free: number;
  /** Persons who answered and are not with anybody yet. */
  unassigned: number;
  /** Lines of the project that ring. */
  ringing: number;
  /** Calls of the last days that are over, and those of them that a person answered. */
  seen: { ended: number; live: number };
  /** Persons who answered in the last 30 days, today too, and those who found nobody. */
  month: Answered;
  today: Answered;
  /** Highest share of those who find nobody. */
  shareMax: number;
}

export interface Answered {
  live: number;
  abandoned: number;
}

const CONFIDENCE = 0.95;
/** Of the cap, what the lines dialled now may be expected to cost. */
const MODEST = 0.5;
/** So seldom do more persons answer than was thought of. */
const WORST = 0.999;
const LINES_PER_AGENT_MAX = 5;

/** How many more lines may be dialled now; 0 and more. */
export function toMoreLines(question: PacingQuestion): number {
  const { free, unassigned, ringing, month, today, shareMax } = question;
  const idle = free - unassigned;
  if (idle <= 0) return 0;
  if (isOver(month, shareMax) || isOver(today, shareMax))
    return Math.max(0, Math.max(1, Math.floor(idle / 2)) - ringing);
  return Math.max(0, toLinesMax(question, idle) - ringing);
}

const isOver = ({ live, abandoned }: Answered, shareMax: number): boolean => abandoned > shareMax * live;

/** The most lines for which all three hold; at least one for each who is idle. */
function toLinesMax({ seen, month, today, shareMax }: PacingQuestion, idle: number): number {
  const share = roundUp(roughUpperBound(seen.live, seen.ended));
  const most = Math.min(idle * LINES_PER_AGENT_MAX, toModestLines(idle, share, shareMax));
  const budget = toBudget(month, today, shareMax);
  if (budget <= 0) return idle;
  let lines = most;
  while (lines > idle && worstOf(lines, idle, share) > budget) lines--;
  return lines;
}

/** How many more may find nobody before one of the bounds is reached. */
function toBudget(month: Answered, today: Answered, shareMax: number): number {
  const left = Math.floor(shareMax * today.live) - today.abandoned;
  if (left <= 0) return 0;
  const live = roundDown(month.live);
  const sure = remembered(surely, `${live} ${shareMax}`, () => mostSurely(live, shareMax, CONFIDENCE));
  return Math.max(0, Math.min(left, sure - month.abandoned));
}

/** To three digits: fewer answers are less sure. */
function roundDown(count: number): number {
  const unit = 10 ** Math.max(0, Math.floor(Math.log10(Math.max(1, count))) - 2);
  return Math.floor(count / unit) * unit;
}

/** Chances in steps of a hundredth, upwards, so that what was worked out can be remembered. */
const roundUp = (share: number): number => Math.min(1, Math.ceil(share * 100) / 100);

const KEPT_MAX = 10_000;
const modest = new Map<string, number>();
const worst = new Map<string, number>();
const surely = new Map<string, number>();

/** The most lines of which at most `shareMax / 2` of the persons who answer are expected to find nobody. */
function toModestLines(idle: number, share: number, shareMax: number): number {
  return remembered(modest, `${idle} ${share} ${shareMax}`, () => {
    let lines = idle;
    while (lines < idle * LINES_PER_AGENT_MAX && isModest(lines + 1, idle, { share, shareMax })) lines++;
    return lines;
  });
}

const isModest = (lines: number, idle: number, { share, shareMax }: { share: number; shareMax: number }): boolean =>
  expectedOverflow(lines, idle, share) <= MODEST * shareMax * lines * share;

const worstOf = (lines: number, idle: number, share: number): number =>
  remembered(worst, `${lines} ${idle} ${share}`, () => worstOverflow(lines, idle, { share, confidence: WORST }));

function remembered(kept: Map<string, number>, key: string, work: () => number): number {
  const known = kept.get(key);
  if (known !== undefined) return known;
  if (kept.size >= KEPT_MAX) kept.clear();
  const value = work();
  kept.set(key, value);
  return value;
}
