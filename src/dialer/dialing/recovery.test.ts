// What the owner of a PBX finds after a restart, and what it does with calls that never seem to end; virtual time, real rows.
import assert from "node:assert/strict";
import { test } from "node:test";
import { createTestDatabase, silentLog } from "../../../test/database.ts";
import { createManualClock } from "../../../test/manual-clock.ts";
import type { RowId, TenantId } from "../../core/ids.ts";
import type { PhoneNumber } from "../../core/phone-number.ts";
import { systemRandom } from "../../kit/random.ts";
import type { DialAttempt } from "../attempt.ts";
import { newAttemptId } from "./attempt-id.ts";
import type { KeptAttempt } from "./attempt-row.ts";
import { createCallLife } from "./call-life.ts";
import { createLane, type PbxItem } from "./lane.ts";
import type { DialPbx, LiveCall } from "./live-call.ts";
import { toQueued } from "./place-dial.ts";
import { createRecovery } from "./recovery.ts";
import { loadById, writeDown } from "./store.ts";
import { createTrunkBreakers } from "./trunk-breakers.ts";

const START = new Date();
const database = await createTestDatabase(START);
const TENANT = 1 as TenantId;
const HOUR_MS = 3_600_000;
let lastPbx = 0;

type Channel = Record<string, string>;
const fields = (given: Channel) => ({ get: (name: string) => given[name] });

/** A process that has just come to own a PBX. */
function open() {
  const clock = createManualClock(START);
  const pbx: DialPbx = { tenantId: TENANT, id: String(++lastPbx), name: "main", callIdPrefix: "" };
  const slots = { held: 0 };
  const ended: KeptAttempt[] = [];
  const given: { released: RowId[]; told: DialAttempt[] } = { released: [], told: [] };
  const note = ({ attempt }: LiveCall): void => {
    if (attempt.state === "ended") ended.push(attempt);
  };
  const breakers = createTrunkBreakers({ clock, random: systemRandom });
  const life = createCallLife({ journal: { note }, breakers, clock });
  const revive = async (attempt: KeptAttempt): Promise<LiveCall> => {
    slots.held++;
    let isHeld = true;
    const release = (): void => {
      if (isHeld) slots.held--;
      isHeld = false;
    };
    return {
      ...{ attempt, pbx, trunk: null, project: { ringSeconds: 30 } as LiveCall["project"], needsNotice: true },
      ...{ channelId: attempt.id, release, isPlacing: false, heard: null, goneAt: null, script: "none" },
      ...{ cancelWait: () => undefined, isTold: false },
    };
  };
  const recover = createRecovery({
    ...{ database, clock, log: silentLog, life, journal: { note, has: () => false }, revive },
    campaigns: {
      claim: async () => [],
      listDialing: async () => [],
      release: async (contacts) => given.released.push(...contacts.map(({ contactId }) => contactId)),
    },
    noteAttempts: async (attempts) => void given.told.push(...attempts),
    loadCalls: async () => new Map(),
  });
  const lane = createLane({
    ...{ pbx, life, recover, clock, log: silentLog, isHeard: () => true, onEnd: async () => undefined },
  });
  const stopping = new AbortController();
  const running = lane.run(stopping.signal);
  const event = (name: string, channel: Channel): PbxItem => ({
    ...{ kind: "event", at: clock.now(), message: fields({ Event: name, ...channel }) },
  });
  const see = (...channels: Channel[]): void =>
    lane.take([{ kind: "snapshot", at: clock.now(), channels: channels.map(fields) }]);
  const isReady = async (): Promise<void> => {
    while (!lane.isReady()) await new Promise((resolve) => setImmediate(resolve));
  };
  const stop = async (): Promise<void> => {
    stopping.abort(new Error("stopped"));
    await running;
  };
  return { clock, pbx, slots, ended, given, life, lane, event, see, isReady, stop };
}

/** An attempt as an earlier owner left it. */
async function leave(pbx: DialPbx, more: Partial<KeptAttempt>): Promise<KeptAttempt> {
  const id = newAttemptId(systemRandom, TENANT);
  const said = {
    tenantId: TENANT,
    id,
    projectId: "1" as RowId,
    source: "api" as const,
    variables: {},
    queuedAt: START,
  };
  const attempt: KeptAttempt = {
    ...{ ...toQueued({ ...said, number: "+34600000001" as PhoneNumber }), state: "dialing", pbxId: pbx.id as RowId },
    ...{ dialedAt: START, ...more },
  };
  await writeDown(database, [attempt]);
  return attempt;
}

test("a call that a call file placed is found by its account code after a restart, and its channel's end is its own", async () => {
  const house = open();
  const { id } = await leave(house.pbx, {});
  const channel = { Uniqueid: "99.1", Linkedid: "99.1", AccountCode: id, Channel: "PJSIP/carrier-1" };
  const trunkLeg = { ...channel, Uniqueid: "99.2", Channel: "PJSIP/carrier-2" };
  house.see({ ...channel, ChannelState: "6" }, { ...trunkLeg, ChannelState: "6" });
  await house.isReady();
  const call = house.life.find(id);
  assert.deepEqual([call?.channelId, call?.attempt.state, house.slots.held], ["99.1", "talking", 1]);
  house.lane.take([house.event("Hangup", { ...trunkLeg, Cause: "16" })]);
  assert.equal(house.slots.held, 1, "another leg's end is not the call's");
  house.lane.take([house.event("Hangup", { ...channel, Cause: "16" })]);
  assert.deepEqual([house.slots.held, house.ended.length], [0, 1]);
  assert.deepEqual([house.ended[0]?.disposition, house.ended[0]?.dispositionSource], ["answered", "hangup"]);
  await house.stop();
});

test("one that rings after a restart is answered when its channel says so", async () => {
  const house = open();
  const { id } = await leave(house.pbx, {});
  const channel = { Uniqueid: "98.1", Linkedid: "98.1", AccountCode: id };
  house.see({ ...channel, ChannelState: "5" });
  await house.isReady();
  assert.equal(house.life.find(id)?.attempt.state, "dialing");
  house.lane.take([house.event("Newstate", { ...channel, ChannelState: "6" })]);
  assert.equal(house.life.find(id)?.attempt.state, "talking");
  await house.stop();
});

test("a slot is held for two hours at most: then the channel is not a call any more", async () => {
  const house = open();
  const { id } = await leave(house.pbx, {});
  const channel = { Uniqueid: id, Linkedid: id, ChannelState: "6" };
  house.see(channel);
  await house.isReady();
  await house.clock.advance(2 * HOUR_MS - 60_000);
  house.see(channel);
  assert.deepEqual([house.slots.held, house.ended.length], [1, 0]);
  await house.clock.advance(120_000);
  house.see(channel);
  assert.deepEqual([house.slots.held, house.ended.length], [0, 1]);
  assert.deepEqual([house.ended[0]?.disposition, house.ended[0]?.dispositionSource], ["answered", "orphan"]);
  house.see(channel);
  house.lane.take([house.event("Hangup", { ...channel, Cause: "16" })]);
  assert.deepEqual([house.slots.held, house.ended.length], [0, 1], "what comes later changes nothing");
  await house.stop();
});

test("what has no mark was never dialled: it is given back, tells the rules so, and is no try", async () => {
  const house = open();
  const contact = { source: "campaign" as const, campaignId: "5" as RowId, contactId: "77" as RowId };
  const unsent = await leave(house.pbx, { ...contact, dialedAt: null });
  const asked = await leave(house.pbx, { dialedAt: null });
  const sent = await leave(house.pbx, { ...contact, contactId: "78" as RowId });
  house.see();
  await house.isReady();
  assert.equal(await loadById(database, unsent.id), null, "as if nobody had thought of it");
  const back = await loadById(database, asked.id);
  assert.deepEqual([back?.state, back?.pbxId, back?.ordinal], ["queued", null, 1]);
  assert.deepEqual(house.given.released, ["77"]);
  assert.deepEqual(
    house.given.told.map((attempt) => [attempt.id, attempt.dialedAt]).toSorted(),
    [unsent.id, asked.id].toSorted().map((id) => [id, null]),
  );
  assert.deepEqual(
    house.ended.map(({ id, disposition }) => [id, disposition]),
    [[sent.id, "failed"]],
    "of what was dialled nobody knows whether it rang",
  );
  await house.stop();
});
