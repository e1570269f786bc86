import { type CallDetails, type DialerStory, type QueueStay, type Ring, toSpanSeconds } from "../core/call-details.ts";
import { toInstant } from "../http/wire.ts";
import type { CallDetailsItem } from "./details-schema.ts";

/** The story inside a call as the API shows it. Pure. */
export function toDetailsItem(details: CallDetails): CallDetailsItem {
  const steps = toSteps(details.rings);
  return {
    rings: details.rings.map((ring, index) => ({
      step: steps[index] ?? 1,
      ...toWho(ring),
      trunk: ring.trunk ?? null,
      queue: ring.queue ?? null,
      ...toSpan(ring.startedAt, ring.endedAt),
      result: ring.result ?? null,
      hangup_cause: ring.cause ?? null,
    })),
    talks: details.talks.map((talk) => ({ ...toWho(talk), ...toSpan(talk.startedAt, talk.endedAt) })),
    holds: details.holds.map((hold) => ({
      extension: hold.extension ?? null,
      ...toSpan(hold.startedAt, hold.endedAt),
    })),
    queues: details.queues.map((stay) => toQueueItem(stay, details.rings)),
    transfers: details.transfers.map(({ kind, at, from, to }) => ({
      kind,
      at: toInstant(at),
      from: from ?? null,
      to: to ?? null,
    })),
    pickups: details.pickups.map(({ at, by, from }) => ({ at: toInstant(at), by: by ?? null, from: from ?? null })),
    parkings: details.parkings.map(({ lot, space, parkedAt, leftAt, outcome, from, by }) => ({
      ...{ lot, space: space ?? null, outcome, from: from ?? null, by: by ?? null },
      ...{ parked_at: toInstant(parkedAt), left_at: toInstant(leftAt ?? null), seconds: toSeconds(parkedAt, leftAt) },
    })),
    conferences: details.conferences.map(({ name, extension, joinedAt, leftAt }) => ({
      ...{ name, extension: extension ?? null },
      ...{ joined_at: toInstant(joinedAt), left_at: toInstant(leftAt ?? null), seconds: toSeconds(joinedAt, leftAt) },
    })),
    recordings: details.recordings.map(({ file, startedAt, endedAt }) => ({
      ...{ file, started_at: toInstant(startedAt), ended_at: toInstant(endedAt ?? null) },
    })),
    dialer: details.dialer ? toDialerItem(details.dialer) : null,
  };
}

const toDialerItem = (story: DialerStory): NonNullable<CallDetailsItem["dialer"]> => ({
  ...{ attempt_id: story.attemptId, project_id: story.projectId, project: story.project },
  ...{ campaign_id: story.campaignId ?? null, disposition: story.disposition ?? null, attempt: story.attempt },
  digit: story.digit ?? null,
});

/** What a list shows of the story. Hold and wait are whole seconds; while they go on, what is over counts. */
export function toDetailsSummary(details: CallDetails | null) {
  const { holds = [], queues = [], hangupCause } = details ?? {};
  const heldOver = holds.filter(({ endedAt }) => endedAt !== undefined);
  return {
    hold_seconds: details === null ? null : toSpanSeconds(heldOver, new Date(0)),
    queue: queues.at(-1)?.queue ?? null,
    hangup_cause: hangupCause ?? null,
  };
}

const toWho = ({ extension, number }: { extension?: string; number?: string }) => ({
  extension: extension ?? null,
  number: number ?? null,
});

const toSpan = (startedAt: Date, endedAt: Date | undefined) => ({
  started_at: toInstant(startedAt),
  ended_at: toInstant(endedAt ?? null),
  seconds: toSeconds(startedAt, endedAt),
});

const toSeconds = (from: Date, to: Date | undefined): number | null =>
  to === undefined ? null : Math.round((to.getTime() - from.getTime()) / 1000);

function toQueueItem(stay: QueueStay, rings: readonly Ring[]): CallDetailsItem["queues"][number] {
  const { queue, joinedAt, leftAt, outcome, extension } = stay;
  const isOfStay = (ring: Ring): boolean =>
    ring.queue === queue && ring.startedAt >= joinedAt && (leftAt === undefined || ring.startedAt <= leftAt);
  return {
    ...{ queue, outcome, extension: extension ?? null, rings: rings.filter(isOfStay).length },
    ...{
      joined_at: toInstant(joinedAt),
      left_at: toInstant(leftAt ?? null),
      wait_seconds: toSeconds(joinedAt, leftAt),
    },
  };
}

/** A step ends when nothing rings any more: a ring group is one step, a cascade has one for each phone. */
function toSteps(rings: readonly Ring[]): number[] {
  let step = 0;
  let ringsUntilMs = Number.NEGATIVE_INFINITY;
  return rings.map(({ startedAt, endedAt }) => {
    if (startedAt.getTime() >= ringsUntilMs) step++;
    ringsUntilMs = Math.max(ringsUntilMs, endedAt?.getTime() ?? Number.POSITIVE_INFINITY);
    return step;
  });
}
