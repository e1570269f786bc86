/*
 * A policy pack: what a land asks of calls for one purpose, as data. Enlace ships templates; nobody has reviewed them for
 * anybody's case, and a tenant must copy, read and acknowledge one before a campaign runs under it.
 */

export const PURPOSES = ["marketing", "debt", "service", "survey", "political"] as const;
export type Purpose = (typeof PURPOSES)[number];

/** On what grounds somebody may be called, the weakest first: `none` is no grounds at all. */
export const CONSENT_BASES = ["none", "legitimate_interest", "contract", "express", "express_written"] as const;
export type ConsentBasis = (typeof CONSENT_BASES)[number];

/** 0 is Sunday. */
export type Weekday = 0 | 1 | 2 | 3 | 4 | 5 | 6;

/** Minutes after midnight of the callee's wall clock, the end not included: 480 … 1260 is 08:00 … 21:00; `to` is at most 1440. */
export interface MinuteRange {
  from: number;
  to: number;
}

export const ANY_COUNTRY = "*";

export interface PolicyPack {
  /** ISO 3166-1 alpha-2: the template's own land; ZZ is none. */
  jurisdiction: string;
  purpose: Purpose;
  title: string;
  /** Where the rules were read, so that whoever reviews them knows where to begin. */
  sources: readonly string[];
  /** Numbers of other countries are not called under it; `*` is any. */
  countries: readonly string[];
  /** By weekday, in every zone where the callee may be. A day without ranges is a day without calls. */
  windows: Readonly<Record<Weekday, readonly MinuteRange[]>>;
  holidays: {
    /** `YYYY-MM-DD`, the callee's date. */
    dates: readonly string[];
    /** What holds on them in place of the weekday's. */
    windows: readonly MinuteRange[];
    /** The last day that `dates` knows about; after it nobody is called until the calendar goes on. `null`: no calendar is asked for. */
    knownUntil: string | null;
  };
  /** Kept from both ends of every window. */
  marginMinutes: number;
  caps: readonly Cap[];
  /** None for so long after a person talked with us; `null`: no such rule. */
  afterConversationDays: number | null;
  /** None by machine for so long after a person was called and nobody of us was there. */
  afterAbandonedHours: number | null;
  ringSecondsMin: number;
  /** The weakest grounds that suffice. */
  consent: ConsentBasis;
  /** Whether a person must hear at the start that the call is recorded. */
  recordingNotice: boolean;
  callerId: {
    /** Without a number of ours to show, no call. */
    required: boolean;
    /** Whether a mobile number may be shown. */
    mobileAllowed: boolean;
    /** Whether several numbers may take turns. */
    rotationAllowed: boolean;
  };
  /** Highest share of people who answered and found nobody, over 30 days. */
  abandonedShareMax: number;
  /** Whether its hours hold for calls that people place by a click; absent: no. */
  holdsByHand?: boolean;
}

/** At most `max` calls … */
export interface Cap {
  /** … to one number, or about one debt (contacts that name none are counted by number). */
  per: "number" | "debt";
  max: number;
  /** … in any so many days running, or in one day, week (from Monday) or month of the callee's calendar. */
  within: { days: number } | { calendar: "day" | "week" | "month" };
}

/** Whether what is there is at least what is asked for. */
export function suffices(basis: ConsentBasis, asked: ConsentBasis): boolean {
  return CONSENT_BASES.indexOf(basis) >= CONSENT_BASES.indexOf(asked);
}
