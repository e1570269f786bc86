import type { DialerStory, ToldDetails } from "../core/call-details.ts";
import type { CallFact } from "../core/call-fact.ts";
import { toPartyText } from "../core/phone-number.ts";
import type { Sentence } from "../core/sentence.ts";
import { say } from "./words.ts";

/** What a fact says, in the order in which people ask: how far, who, with whom, what else. */
export function toFactSentence(fact: CallFact): Sentence {
  const { status, direction, from, to, agentExtension, talkSeconds, recordingUrl, details } = fact;
  const said = [
    status && say(`status.${status}`),
    direction && say(`direction.${direction}`),
    from && say("from", { who: toPartyText(from) }),
    to && say("to", { who: toPartyText(to) }),
    agentExtension && say("agent", { extension: agentExtension }),
    talkSeconds !== undefined && say("talked", { seconds: talkSeconds }),
    recordingUrl && say("recording"),
    ...(details ? toDetailSentences(details) : []),
  ].filter((one) => typeof one === "object");
  return said.length === 0 ? say("nothing") : say("told", { said });
}

/** What a fact tells of the story inside a call: `103 rings`, `talk with 101`. Empty when it is no news. */
function toDetailSentences(told: ToldDetails): Sentence[] {
  const { rings = [], talks = [], holds = [], queues = [], transfers = [], pickups = [] } = told;
  const { parkings = [], conferences = [], recordings = [], hangupCause, dialer } = told;
  const said = [
    ...rings.map((ring) => {
      const what = say(`ring.${ring.result ?? "on"}`, { who: toWho(ring) });
      return ring.queue ? say("ofQueue", { what, queue: ring.queue }) : what;
    }),
    ...talks.map((talk) => toLasting(say("talk", { who: toWho(talk) }), talk.startedAt, talk.endedAt)),
    ...holds.map((hold) => toLasting(say("hold", { who: toWho(hold) }), hold.startedAt, hold.endedAt)),
    ...queues.map((stay) => toLasting(say(`queue.${stay.outcome}`, { queue: stay.queue }), stay.joinedAt, stay.leftAt)),
    ...transfers.map(({ kind, from, to }) => say(`transfer.${kind}`, { from: from ?? "?", to: to ?? "?" })),
    ...pickups.map(({ by, from }) => say("pickup", { by: by ?? "?", from: from ?? "?" })),
    ...parkings.map(({ lot, space, outcome }) => say(`parking.${outcome}`, { lot, space: space ?? "" })),
    ...conferences.map(({ name, extension, leftAt }) =>
      say(leftAt ? "conferenceLeft" : "conference", { who: extension ?? say("caller"), name }),
    ),
    ...recordings.map(({ file }) => say("file", { file })),
    ...(hangupCause === undefined ? [] : [say("cause", { cause: hangupCause })]),
    ...(dialer === undefined ? [] : [toDialed(dialer)]),
    ...(dialer?.digit === undefined ? [] : [say("key", { digit: dialer.digit })]),
  ];
  const shown = said.slice(0, SHOWN_MAX);
  return said.length > shown.length ? [...shown, say("more", { count: said.length - shown.length })] : shown;
}

function toDialed({ project, disposition }: DialerStory): Sentence {
  if (disposition === undefined) return say("dialedFor", { project });
  return say("dialed", { project, disposition: say(`disposition.${disposition}`) });
}

/** The end of a night in a queue would fill pages; its pieces are in the call's details. */
const SHOWN_MAX = 12;

const toWho = ({ extension, number }: { extension?: string; number?: string }): string | Sentence =>
  extension ?? number ?? say("machine");

function toLasting(what: Sentence, from: Date, to: Date | undefined): Sentence {
  return to === undefined ? what : say("lasted", { what, seconds: Math.round((to.getTime() - from.getTime()) / 1000) });
}
