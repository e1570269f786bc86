import type { ToldDetails } from "../core/call-details.ts";

/** What a fact tells of the story inside a call, in a few words: `103 rings; talk with 101`. Empty when it is no news. */
export function toDetailsText(told: ToldDetails): string {
  const { rings = [], talks = [], holds = [], queues = [], transfers = [], pickups = [] } = told;
  const { parkings = [], conferences = [], recordings = [], hangupCause, dialer } = told;
  const said = [
    ...rings.map((ring) => `${toWho(ring)} ${ring.result ?? "rings"}${ring.queue ? ` (queue ${ring.queue})` : ""}`),
    ...talks.map((talk) => `talk with ${toWho(talk)}${talk.endedAt ? toLasted(talk.startedAt, talk.endedAt) : ""}`),
    ...holds.map((hold) => `hold by ${toWho(hold)}${hold.endedAt ? toLasted(hold.startedAt, hold.endedAt) : ""}`),
    ...queues.map(
      (stay) => `queue ${stay.queue}: ${stay.outcome}${stay.leftAt ? toLasted(stay.joinedAt, stay.leftAt) : ""}`,
    ),
    ...transfers.map(({ kind, from, to }) => `${kind} transfer from ${from ?? "?"} to ${to ?? "?"}`),
    ...pickups.map(({ by, from }) => `picked up by ${by ?? "?"} for ${from ?? "?"}`),
    ...parkings.map(({ lot, space, outcome }) => `parking ${lot} ${space ?? ""}: ${outcome}`),
    ...conferences.map((stay) => `conference ${stay.name}: ${stay.extension ?? "caller"}${stay.leftAt ? " left" : ""}`),
    ...recordings.map(({ file }) => `recorded in ${file}`),
    hangupCause !== undefined && `cause ${hangupCause}`,
    dialer && `dialed for ${dialer.project}: ${dialer.disposition}${dialer.digit ? `, key ${dialer.digit}` : ""}`,
  ].filter(Boolean);
  const shown = said.slice(0, SHOWN_MAX);
  return said.length > shown.length ? `${shown.join("; ")}; and ${said.length - shown.length} more` : shown.join("; ");
}

/** The end of a night in a queue would fill pages; its pieces are in the call's details. */
const SHOWN_MAX = 12;

const toWho = ({ extension, number }: { extension?: string; number?: string }): string =>
  extension ?? number ?? "a machine";

const toLasted = (from: Date, to: Date): string => `, ${Math.round((to.getTime() - from.getTime()) / 1000)} s`;
