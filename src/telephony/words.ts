import { createSentences } from "../core/sentence.ts";

/** What the Asterisk door says of itself. */
export const TELEPHONY_SENTENCES = {
  fleet: "{parts}",
  owned: "{owned} of {count} owned",
  ready: "ready: {pbxs}",
  away: "away: {pbxs}",
  agiListens: "listens to port {port}; sessions: {sessions}",
  agiPortTaken: "port {port} is taken by another process; tried again every {seconds} s",

  callGone: "This call is not going on.",
  callTaken: "Somebody has taken this call already.",
  callUnknown: "There is no call of this id.",
  callOfOthers: "You are not part of this call.",
  callOnNoPbx: "This call is on no PBX that Enlace listens to.",
  nobodyTransfers: "Nobody is talking who could transfer.",
  nobodyAsked: "Nobody is asking whether somebody takes this call.",
  nobodyHears: "Nobody is talking who could hear it.",
  nobodyHeard: "Nobody is talking who could be heard.",
  nobodyThere: "There is nobody on the other side.",
  talksThere: "is the one that talks",
  extensionOfOthers: "Extension {extension} is not yours.",
  suppressed: "{number} is on the do-not-call list; a supervisor may say why to call it.",
  suppressedForAgents: "Only supervisors call numbers of the do-not-call list.",
  hoursClosed: "It is not the hour to call {number} by the policy {policy}; a supervisor may say why to call it now.",
  hoursClosedUntil:
    "It is not the hour to call {number} by the policy {policy}, from {at} on it is; a supervisor may say why to call it now.",
  recorded: "This call is being recorded.",
  notRecorded: "This call is not being recorded.",
  cannotRecord:
    "The AMI user may not MixMonitor, and the context {context} cannot be used ({why}). See docs/commands.md.",
  nobodyRecorded: "Nobody is on the line who could be recorded.",
  pbxUnknown: "There is no such PBX, or it is switched off.",
  pbxNone: "This tenant has no PBX that could place a call.",
  pbxOfCall: "The PBX of this call is not known, or is switched off.",
  pbxRefused: "the PBX refused the call: {error}",
  gapUnknown: "There is no such gap.",
  comparisonsMany: "{max} comparisons of this PBX are waiting already.",
  sinceLate: "must be before until, and in the past",
  sinceEarly: "may be 92 days before until at most",

  agentAsks: "The agent asks somebody already: cancel that first.",
  beingTransferred: "This call is being transferred already.",
  notTakenBack: "The PBX has not taken the agent back to the customer.",
  pbxSays: "The PBX says: {said}",
  pbxConnecting: "The PBX is being connected to anew.",
  listenerFailed: "Something went wrong in the process that listens to the PBX.",
  ordersMany: "Too many orders wait for other processes.",
  commandsMany: "too many commands wait for this PBX",
  placingMany: "too many calls are being placed",
  beingPlaced: "a call with the id {id} is being placed already",
  notOwned: "this process does not own the PBX {name}",
  notListened: "No process listens to this PBX. Nothing was done.",
  notAnswered: "The PBX was asked, and no answer came in time: look at its calls before you ask again.",
  recordsUntold: "This PBX has no AMI to tell of its call records: name them, mysql or csv, first.",
} as const;

export const say = createSentences("telephony", TELEPHONY_SENTENCES);
