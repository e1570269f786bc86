import { createSentences } from "../core/sentence.ts";

/** What the Asterisk door says of itself. */
export const TELEPHONY_SENTENCES = {
  fleet: "{parts}",
  owned: "{owned} of {count} owned",
  ready: "ready: {pbxs}",
  away: "away: {pbxs}",
  agiListens: "listens to port {port}; sessions: {sessions}",
  agiPortTaken: "port {port} is taken by another process; tried again every {seconds} s",
} as const;

export const say = createSentences("telephony", TELEPHONY_SENTENCES);
