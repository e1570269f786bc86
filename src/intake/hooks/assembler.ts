import { AppError, toErrorMessage } from "../../core/errors.ts";
import type { TenantId } from "../../core/ids.ts";
import type { Clock } from "../../kit/clock.ts";
import type { Log } from "../../kit/log.ts";
import type { Database, Sql } from "../../kit/postgres/database.ts";
import type { Accept } from "../accept.ts";
import { lockNames, renameCalls, saveNames } from "../identity-store.ts";
import { type Decision, decide } from "./decision.ts";
import { groupEvents, toLinks } from "./event-groups.ts";
import { isOutside } from "./heard-call.ts";
import { toHookFact } from "./hook-fact.ts";
import { createHookPlan, type HookPbx } from "./hook-pbx.ts";
import { loadKnown, readEvents, type StoredHeard } from "./reading.ts";
import { loadWaitingEvents, lockHooks, renameCall, saveHookCall, settleEvents } from "./store.ts";

/*
 * Puts posted events together to calls and tells the front door what they say.
 *
 *   new ──▶ told (its call is known)
 *    └────▶ held ──▶ told (something tells which call) | kept (nothing did within ten seconds)
 *
 * One process at a time does this for a PBX. What it tells and what it notes may part only at a crash between the two: then
 * the same events are told again, which changes nothing.
 */
export interface Assembler {
  /** Tells what waits of one PBX. Rejects with `unavailable` when the store is away: nothing is lost, ask again. */
  assemble(pbx: HookPbx): Promise<{ more: boolean; twins: readonly Twins[] }>;
}

/** Two calls in the log that are one. */
export interface Twins {
  tenantId: TenantId;
  from: string;
  into: string;
}

export interface AssemblerOptions {
  database: Database;
  clock: Clock;
  log: Log;
  accept: Accept["accept"];
}

const EVENTS_MAX = 300;

export function createAssembler({ database, clock, log, accept }: AssemblerOptions): Assembler {
  async function assembleOn(on: Sql, pbx: HookPbx) {
    await lockHooks(on, pbx.pbxId);
    await lockNames(on, [pbx.tenantId]);
    const now = clock.now();
    const waiting = await loadWaitingEvents(on, pbx, EVENTS_MAX);
    const news = await readEvents(on, waiting, pbx);
    const context = { scope: pbx.pbxId, uidPrefix: pbx.callIdPrefix, plan: createHookPlan(pbx), now };
    const known = await loadKnown(on, news, pbx, now);
    const decisions = groupEvents(news, known, context).map((group) =>
      decide(group, { ...context, foreign: known.foreign }),
    );
    const problems = await Promise.all(decisions.map((decision) => tell(decision, pbx)));
    for (const [index, decision] of decisions.entries())
      await note(on, decision, { pbx, now, problem: problems[index] });
    const twins = decisions.flatMap(({ state, former, callUuid }) =>
      state === "told" ? former.map((from) => ({ tenantId: pbx.tenantId, from, into: callUuid })) : [],
    );
    return { more: waiting.length >= EVENTS_MAX, twins };
  }

  /** Returns why the call was refused for good: the others must not wait for it. */
  async function tell(decision: Decision, { tenantId, ...pbx }: HookPbx): Promise<string | undefined> {
    if (decision.state !== "told" || !decision.isNews) return undefined;
    const { group, primary, callUuid } = decision;
    try {
      const context = { ...createHookPlan(pbx), pbx: pbx.name, country: pbx.country };
      const fact = toHookFact([...group.known, ...group.news], primary, context);
      const source = group.news.every(({ isRecovered }) => isRecovered) ? "recovery" : "hook";
      await accept({
        tenant: { id: tenantId },
        callUuid,
        fact: { ...fact, source },
        raw: toRaw(group.news as StoredHeard[]),
      });
      return undefined;
    } catch (error) {
      if (error instanceof AppError && error.code === "unavailable") throw error;
      log.error({ tenantId, pbx: pbx.pbxId, callUuid, err: error }, "hooks.call_refused");
      return toErrorMessage(error);
    }
  }

  return {
    assemble: (pbx) => database.sql.transaction().execute((on) => assembleOn(on, pbx)),
  };
}

interface Noting {
  pbx: HookPbx;
  now: Date;
  problem: string | undefined;
}

async function note(on: Sql, decision: Decision, { pbx, now, problem }: Noting): Promise<void> {
  const { tenantId } = pbx;
  const { group, state, former, callUuid } = decision;
  const ids = group.news.map((event) => (event as StoredHeard).id);
  if (state !== "told") return settleEvents(on, { tenantId, ids, state });
  if (former.length > 0) {
    await renameCall(on, tenantId, former, callUuid);
    await renameCalls(on, tenantId, { from: former, to: callUuid, at: now });
  }
  const names = { scope: pbx.pbxId, uidPrefix: pbx.callIdPrefix };
  const links = [...new Set([callUuid, ...group.news.flatMap((event) => toLinks(event, names))])];
  await saveNames(
    on,
    links.map((alias) => ({ tenantId, alias, callUuid, source: "hook" })),
    now,
  );
  await saveHookCall(on, toHookCall(decision, pbx, now));
  if (problem === undefined) await settleEvents(on, { tenantId, ids, callUuid, state });
  else await settleEvents(on, { tenantId, ids, callUuid, state: "refused", problem });
}

function toHookCall({ group, callUuid, hasEnded }: Decision, pbx: HookPbx, now: Date) {
  const plan = createHookPlan(pbx);
  const placed = [...group.known, ...group.news].filter(({ type }) => type === "start" || type === "dial");
  const rung = placed.filter(({ callType }) => callType === 0).flatMap(({ extensions }) => extensions);
  return {
    ...{ tenantId: pbx.tenantId, pbxId: pbx.pbxId, callUuid, heardAt: now, endedAt: hasEnded ? now : null },
    outside: placed.map(({ phone }) => phone).find((phone) => isOutside(phone, plan)) ?? null,
    rung: [...new Set(rung.filter((number) => isOutside(number, plan)))],
  };
}

/** What was posted, for the timeline. */
const toRaw = (news: readonly StoredHeard[]): string =>
  JSON.stringify({
    events: news.map(({ type, isRecovered, body }) => ({ type, ...(isRecovered && { recovered: true }), ...body })),
  });
