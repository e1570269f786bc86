import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { silentLog } from "../../../test/database.ts";
import { type Call, reduceCall } from "../../core/call.ts";
import type { CallFact } from "../../core/call-fact.ts";
import { AppError } from "../../core/errors.ts";
import { toTenantId } from "../../core/ids.ts";
import { createPbxPlan } from "../tracker/channel-name.ts";
import { type CdrRow, parseCdrRow } from "./cdr-row.ts";
import { type CdrSource, TooManyRowsError } from "./cdr-source.ts";
import { parseCsvLine } from "./csv-line.ts";
import { createReconciler, type GapPage, type ReconcilerOptions } from "./reconciler.ts";
import type { KnownCall } from "./store.ts";

const ROWS: CdrRow[] = readFileSync(join(import.meta.dirname, "fixtures/asterisk-16.jsonl"), "utf8")
  .trim()
  .split("\n")
  .flatMap((line) => JSON.parse(line).rows as string[])
  .map((line) => parseCdrRow(parseCsvLine(line) ?? {}, "UTC") ?? assert.fail(line));
const DAY = { since: new Date("2026-11-22T13:00:00Z"), until: new Date("2026-11-22T14:00:00Z") };
const CALLS = new Set(ROWS.map(({ linkedId }) => linkedId));
const signal = new AbortController().signal;

/** A log of calls that behaves like ours: a fact once, a call from its facts. */
function createLogOfCalls() {
  const facts = new Map<string, Map<string, CallFact>>();
  const callOf = (callUuid: string): Call => reduceCall([...(facts.get(callUuid)?.values() ?? [])]);
  return {
    facts,
    callOf,
    accept: async ({ callUuid, fact }: { callUuid: string; fact: CallFact }) => {
      const own = facts.get(callUuid) ?? new Map<string, CallFact>();
      const status = own.has(fact.key) ? "duplicate" : own.size === 0 ? "accepted" : "updated";
      facts.set(callUuid, own.set(fact.key, own.get(fact.key) ?? fact));
      return { status };
    },
    loadKnownCalls: async (_: unknown, callUuids: readonly string[]): Promise<KnownCall[]> =>
      callUuids
        .filter((callUuid) => facts.has(callUuid))
        .map((callUuid) => {
          const { outcome, direction, startedAt, endedAt, talkSeconds, sources } = callOf(callUuid);
          const isRecovered = sources.includes("recovery");
          const isAdopted =
            isRecovered &&
            ![...(facts.get(callUuid)?.values() ?? [])].some(
              ({ source, key }) => source === "ami" && key.endsWith(":start"),
            );
          return {
            askedAs: callUuid,
            callUuid,
            outcome,
            direction,
            startedAt,
            endedAt,
            talkSeconds,
            isRecovered,
            isAdopted,
          };
        }),
  };
}

const sourceOf = (rows: readonly CdrRow[]): CdrSource => ({
  load: async ({ since, until }, { rowsMax }) => {
    const ids = new Set(
      rows.filter(({ startedAt }) => startedAt >= since && startedAt < until).map(({ linkedId }) => linkedId),
    );
    const found = rows.filter(({ linkedId }) => ids.has(linkedId));
    if (found.length > rowsMax) throw new TooManyRowsError(rowsMax);
    return found;
  },
  reachesBackTo: () => null,
  close: async () => undefined,
});

function open(more: Partial<ReconcilerOptions> = {}) {
  const log = createLogOfCalls();
  const pages: GapPage[] = [];
  const plan = createPbxPlan({ extensions: new Map(), trunks: new Set(["trunk"]) });
  const reconciler = createReconciler({
    tenantId: toTenantId(1),
    pbx: { pbx: "main", callIdPrefix: "", country: "ES", plan },
    source: sourceOf(ROWS),
    loadKnownCalls: log.loadKnownCalls,
    accept: log.accept,
    liveIds: () => new Set(),
    isCall: () => true,
    log: silentLog,
    ...more,
  });
  const run = () => reconciler.reconcile(DAY, { signal, onPage: async (page) => void pages.push(page) });
  return { ...log, pages, run };
}

test("what nobody told is added once, page by page, and a second pass changes nothing", async () => {
  const { run, facts, pages } = open();
  assert.deepEqual(await run(), { calls: CALLS.size, missing: CALLS.size, added: CALLS.size, corrected: 0 });
  assert.equal(facts.size, CALLS.size);
  assert.equal(pages.at(-1)?.until.getTime(), DAY.until.getTime());
  assert.ok([...facts.values()].every((own) => [...own.values()].every(({ source }) => source === "recovery")));
  assert.deepEqual(await run(), { calls: CALLS.size, missing: 0, added: 0, corrected: 0 });
});

const heard = (more: Partial<CallFact>): CallFact => ({
  ...{
    key: "ami:x:start",
    source: "ami",
    at: new Date("2026-11-22T13:12:23.4Z"),
    status: "ringing",
    direction: "inbound",
  },
  ...more,
});
const ANSWERED = "1795353143.0";

test("a call closed as lost gets the end that is recorded, and keeps what was heard of its beginning", async () => {
  const { run, accept, callOf } = open();
  const startedAt = new Date("2026-11-22T13:12:23.418Z");
  await accept({ callUuid: ANSWERED, fact: heard({ startedAt, to: { kind: "other", text: "heard" } }) });
  const at = new Date("2026-11-22T13:40:00Z");
  await accept({
    callUuid: ANSWERED,
    fact: { key: "recovery:gone", source: "recovery", at, status: "lost", endedAt: at },
  });
  assert.equal((await run()).corrected, 1);
  const call = callOf(ANSWERED);
  assert.deepEqual(
    [call.outcome, call.agentExtension, call.talkSeconds, call.to?.text],
    ["answered", "101", 2, "heard"],
  );
  assert.deepEqual([call.startedAt, call.endedAt], [startedAt, new Date("2026-11-22T13:12:25Z")]);
  assert.equal((await run()).missing, 0);
});

test("what was heard to its end is never doubted, whatever the records say", async () => {
  const { run, accept, callOf } = open();
  await accept({ callUuid: ANSWERED, fact: heard({}) });
  await accept({
    callUuid: ANSWERED,
    fact: heard({ key: "ami:x:end", status: "busy", endedAt: new Date("2026-11-22T13:12:24Z") }),
  });
  assert.equal((await run()).corrected, 0);
  assert.equal(callOf(ANSWERED).outcome, "busy");
});

test("calls that go on, and those who listen in, are left alone", async () => {
  const live = open({ liveIds: () => new Set([ANSWERED]) });
  assert.equal((await live.run()).calls, CALLS.size - 1);
  assert.equal(live.facts.has(ANSWERED), false);
  const spied = open({ isCall: (callUuid) => callUuid !== ANSWERED });
  assert.equal((await spied.run()).added, CALLS.size - 1);
});

test("pages that hold too much are cut shorter until they fit", async () => {
  const seen: number[] = [];
  const source: CdrSource = {
    ...sourceOf(ROWS),
    load: async (window, options) => {
      seen.push(window.until.getTime() - window.since.getTime());
      return sourceOf(ROWS).load(window, { ...options, rowsMax: 40 });
    },
  };
  const { run, facts } = open({ source });
  assert.equal((await run()).added, CALLS.size);
  assert.equal(facts.size, CALLS.size);
  assert.ok(Math.min(...seen) < Math.max(...seen) / 2);
});

test("a store that is down ends the pass, to be done again; a fact it refuses for good does not", async () => {
  const down = open({ accept: () => Promise.reject(new AppError("unavailable", "down")) });
  await assert.rejects(down.run(), /down/);
  const refusing = open({ accept: () => Promise.reject(new AppError("conflict", "a thousand facts")) });
  assert.deepEqual(await refusing.run(), { calls: CALLS.size, missing: 0, added: 0, corrected: 0 });
});
