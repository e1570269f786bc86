import type { RowId } from "../../core/ids.ts";
import type { Clock } from "../../kit/clock.ts";
import type { Log } from "../../kit/log.ts";
import type { Database } from "../../kit/postgres/database.ts";
import type { DialAttempt } from "../attempt.ts";
import type { CampaignContact } from "../campaign.ts";
import type { KeptAttempt } from "./attempt-row.ts";
import { takeBack } from "./batch.ts";
import type { CallLife } from "./call-life.ts";
import type { CampaignSource } from "./campaign-source.ts";
import type { Journal } from "./journal.ts";
import type { LivingChannel } from "./lane.ts";
import { type DialPbx, type LiveCall, toOwner } from "./live-call.ts";
import { loadOpen, loadUntold } from "./store.ts";

/*
 * What an earlier owner of the PBX left: after a crash its rows are the only memory of the calls it began.
 *
 *   dialing, talking ── channel alive ──▶ adopted: slots taken, the hang-up awaited
 *                    ├─ never dialled ──▶ back to the queue or the campaign, as if nobody had thought of it
 *                    └─ channel gone ──▶ ended, as its call's record tells, else as an orphan
 *   ended, not told ──▶ told
 *   contacts that are claimed and have no attempt ──▶ given back
 */
export interface RecoveryOptions {
  database: Database;
  clock: Clock;
  log: Log;
  life: CallLife;
  journal: Pick<Journal, "note" | "has">;
  campaigns: Pick<CampaignSource, "claim" | "listDialing" | "release">;
  /** Tells the rules of calls that were allowed and never made. */
  noteAttempts(attempts: readonly DialAttempt[]): Promise<void>;
  /** An attempt with its project, trunk and slots. `null`: its project is gone. */
  revive(attempt: KeptAttempt, pbx: DialPbx): Promise<LiveCall | null>;
  /** What other sources know of the calls, by call_uuid: whether somebody answered, and when it ended. */
  loadCalls(tenantId: DialPbx["tenantId"], callUuids: readonly string[]): Promise<ReadonlyMap<string, KnownCall>>;
}

export interface KnownCall {
  outcome: string;
  answeredAt: Date | null;
  endedAt: Date | null;
}

const PAGE = 1_000;

export function createRecovery(options: RecoveryOptions) {
  const { database, clock, log, life, journal, campaigns, revive, loadCalls } = options;

  async function recoverOpen(pbx: DialPbx, alive: ReadonlyMap<string, LivingChannel>): Promise<ReadonlySet<RowId>> {
    const open = await loadOpen(database, pbx.tenantId, pbx.id as RowId);
    const left = open.filter(({ id }) => !life.find(id) && !journal.has(id));
    await giveBack(
      options,
      left.filter(({ dialedAt }) => dialedAt === null),
    );
    const sent = left.filter(({ dialedAt }) => dialedAt !== null);
    const dead = sent.filter(({ id }) => !alive.has(id));
    const known = await loadCalls(
      pbx.tenantId,
      dead.map(({ id }) => `${pbx.callIdPrefix}${id}`),
    );
    for (const attempt of sent) {
      const call = await revive(attempt, pbx);
      if (!call) continue;
      const channel = alive.get(attempt.id);
      if (channel) adopt(call, channel);
      else bury(call, known.get(`${pbx.callIdPrefix}${attempt.id}`));
    }
    if (sent.length > 0)
      log.info({ pbx: pbx.name, adopted: sent.length - dead.length, closed: dead.length }, "dialer.recovered");
    return new Set(open.flatMap(({ contactId }) => contactId ?? []));
  }

  function adopt(call: LiveCall, { id, isUp }: LivingChannel): void {
    life.begin(call);
    if (id !== call.attempt.id) life.rename(call, id);
    if (isUp) life.onAnswered(call, clock.now());
  }

  /** The call's record knows more than we do: facts of the PBX, and its own records of calls. */
  function bury(call: LiveCall, known: KnownCall | undefined): void {
    const { attempt } = call;
    if (known?.answeredAt) attempt.answeredAt ??= known.answeredAt;
    if (known?.endedAt) call.goneAt = known.endedAt;
    if (attempt.disposition === null && known) {
      const disposition = known.outcome === "busy" || known.outcome === "machine" ? known.outcome : null;
      const fallback = known.outcome === "missed" || known.outcome === "cancelled" ? "no_answer" : null;
      attempt.disposition = disposition ?? fallback;
      attempt.dispositionSource = attempt.disposition === null ? null : "hangup";
    }
    life.begin(call);
    life.onLost(call, clock.now());
  }

  async function recoverUntold(pbx: DialPbx): Promise<ReadonlySet<RowId>> {
    const untold = await loadUntold(database, pbx.tenantId, pbx.id as RowId);
    for (const attempt of untold.filter(({ id }) => !journal.has(id))) {
      const call = await revive(attempt, pbx);
      if (!call) continue;
      call.release();
      journal.note(call);
    }
    return new Set(untold.flatMap(({ contactId }) => contactId ?? []));
  }

  /** Claimed, and then the process died before their attempts were written down. Those that have one are settled by it. */
  async function recoverContacts(pbx: DialPbx, known: ReadonlySet<RowId>): Promise<void> {
    const owner = toOwner(pbx);
    const claimedBefore = clock.now();
    let after: CampaignContact | null = null;
    for (;;) {
      const place: { tenantId: CampaignContact["tenantId"]; campaignId: RowId; contactId: RowId } | null =
        after === null ? null : { tenantId: after.tenantId, campaignId: after.campaignId, contactId: after.id };
      const page: CampaignContact[] = await campaigns.listDialing({
        owner,
        claimedBefore,
        after: place,
        rowsMax: PAGE,
      });
      const lost = page.filter(({ id }) => !known.has(id));
      if (lost.length > 0)
        await campaigns.release(
          lost.map(({ tenantId, campaignId, id }) => ({ tenantId, campaignId, contactId: id })),
          clock.now(),
        );
      after = page.at(-1) ?? null;
      if (page.length < PAGE) return;
    }
  }

  return async (pbx: DialPbx, alive: ReadonlyMap<string, LivingChannel>): Promise<void> => {
    const open = await recoverOpen(pbx, alive);
    const untold = await recoverUntold(pbx); // after the open ones: those that end meanwhile are among these
    await recoverContacts(pbx, new Set([...open, ...untold])); // those of attempts are settled when they have ended
  };
}

/** Without the mark no order for them has left: nobody was called, and it is no try. */
async function giveBack(
  { database, campaigns, noteAttempts, clock, log }: RecoveryOptions,
  unsent: readonly KeptAttempt[],
): Promise<void> {
  if (unsent.length === 0) return;
  await takeBack({ database, campaigns }, unsent, clock.now());
  await noteAttempts(unsent.map((attempt) => ({ ...attempt, disposition: null })));
  log.info({ calls: unsent.length }, "dialer.given_back");
}
