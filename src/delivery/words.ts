import { createSentences } from "../core/sentence.ts";

/** What the way out says by itself of a delivery; what a connector says is in its own folder. */
export const DELIVERY_SENTENCES = {
  callGone: "the call does not exist any more",
  connectionRemoved: "the connection was removed",
  callUnreadable: "the call could not be read: {error}",
  takesNoRecords: "this connector takes no records",
  takesNoSignals: "this connector takes no signals",
  noAnswer: "no answer within {ms} ms",
  broken: "Enlace failed: {error}",
  stopping: "this process is stopping",
  leasesLost: "this process could not renew its leases",
  storeAway: "Enlace could not reach its own store: {error}",
  attemptDied: "the process that made this attempt died",
  processDied: "the process that made the last attempt died",
  endsProcesses: "its attempts ended the process again and again",
  givenBack: "given back: the process was stopped",
  tooLate: "its deadline passed before it could be sent",
  merged: "the call is one with {call}",
  double: "Its record is a double of the one of {call}: remove it over there.",
  noDelivery: "There is no such delivery.",
  notReplayed:
    "Only a dead or discarded delivery, or a delivered record, can be sent anew, and a signal only before its deadline.",
  notDiscarded: "Only a dead delivery, or one that waits, can be discarded.",
  systemSilent: "{connection} does not answer: {why}",
  checkUnfinished: "the check could not be finished: {error}",
  queueIs: "{pending} waiting, the oldest {seconds} s overdue",
  lanesAre: "{held} held, {paused} paused, {broken} with an open breaker",
} as const;

export const say = createSentences("delivery", DELIVERY_SENTENCES);
