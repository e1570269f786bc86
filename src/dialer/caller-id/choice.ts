import type { PhoneNumber } from "../../core/phone-number.ts";

/** A number of the pool as it stands now. */
export interface Candidate {
  number: PhoneNumber;
  areaPrefix: string;
  dailyCap: number | null;
  /** Calls under it today. */
  callsToday: number;
  /** Ended calls of the last 30 days, and those that were picked up. */
  ended: number;
  answers: number;
  /** Picked up much more rarely than it used to be: it may have been marked as spam. */
  hasDropped: boolean;
  isMobile: boolean;
}

export interface CallerIdQuestion {
  number: PhoneNumber;
  /** What this callee was shown last time by the project. */
  last: string | null;
  mobileAllowed: boolean;
  /** Whether several numbers may take turns; otherwise the first of the pool that may is the one. */
  rotationAllowed: boolean;
}

export interface Choice {
  candidate: Candidate;
  why: "sticky" | "explored" | "nearest" | "first";
}

/** So often a number is tried without looking at its score, so that each goes on being known. */
const EXPLORED = 0.1;

/**
 * The number to show, or `null` when none of the pool may be shown any more today. The one shown last time goes on being
 * shown; else those nearest to the callee, the one that is picked up most of them first. Never a number outside the pool.
 */
export function chooseCallerId(
  pool: readonly Candidate[],
  { number, last, mobileAllowed, rotationAllowed }: CallerIdQuestion,
  fraction: () => number,
): Choice | null {
  const allowed = pool.filter((candidate) => mobileAllowed || !candidate.isMobile);
  if (!rotationAllowed) {
    const first = allowed[0];
    return first && hasRoom(first) ? { candidate: first, why: "first" } : null;
  }
  const open = allowed.filter(hasRoom);
  const sticky = open.find((candidate) => candidate.number === last);
  if (sticky) return { candidate: sticky, why: "sticky" };
  const healthy = open.filter(({ hasDropped }) => !hasDropped);
  const nearest = listNearest(healthy.length > 0 ? healthy : open, number);
  if (nearest.length > 1 && fraction() < EXPLORED) {
    const candidate = nearest[Math.floor(fraction() * nearest.length)];
    if (candidate) return { candidate, why: "explored" };
  }
  const [candidate] = nearest.toSorted((a, b) => toScore(b) - toScore(a) || a.callsToday - b.callsToday);
  return candidate ? { candidate, why: "nearest" } : null;
}

const hasRoom = ({ dailyCap, callsToday }: Candidate): boolean => dailyCap === null || callsToday < dailyCap;

/** Those whose area has the most digits in common with the callee's number from its beginning. */
function listNearest(pool: readonly Candidate[], number: PhoneNumber): Candidate[] {
  const near = pool.map(({ areaPrefix }) => commonDigits(areaPrefix, number));
  const most = Math.max(...near);
  return pool.filter((_candidate, index) => near[index] === most);
}

function commonDigits(prefix: string, number: string): number {
  let count = 0;
  while (count < prefix.length && prefix[count] === number[count]) count++;
  return count;
}

/** Share of calls that are picked up, as one would guess after one hit and one miss more: 0.5 for a new number. */
export function toScore({ ended, answers }: Pick<Candidate, "ended" | "answers">): number {
  return (answers + 1) / (ended + 2);
}

/** The ends of Wilson's interval for a share, 95 % by default. No calls at all: 0 … 1. */
export function toWilson(answers: number, ended: number, z = 1.96): { low: number; high: number } {
  if (ended === 0) return { low: 0, high: 1 };
  const share = answers / ended;
  const spread = z * Math.sqrt((share * (1 - share)) / ended + (z * z) / (4 * ended * ended));
  const middle = share + (z * z) / (2 * ended);
  const scale = 1 + (z * z) / ended;
  return { low: Math.max(0, (middle - spread) / scale), high: Math.min(1, (middle + spread) / scale) };
}

/** Fewer recent calls say nothing. */
const RECENT_MIN = 30;
/** Part of the former share that must surely be lost before it is called a drop. */
const DROPPED_TO = 0.7;

/** Whether the recent share lies surely below 70 % of the one before: both ends of doubt count for the number. */
export function isDropped(
  recent: { ended: number; answers: number },
  before: { ended: number; answers: number },
): boolean {
  if (recent.ended < RECENT_MIN || before.ended < RECENT_MIN) return false;
  return toWilson(recent.answers, recent.ended).high < DROPPED_TO * toWilson(before.answers, before.ended).low;
}
