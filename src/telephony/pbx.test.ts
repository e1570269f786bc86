import assert from "node:assert/strict";
import { after, test } from "node:test";
import { createManualClock } from "../../test/manual-clock.ts";
import { reduceCall } from "../core/call.ts";
import type { CallFact } from "../core/call-fact.ts";
import { AppError } from "../core/errors.ts";
import { toTenantId } from "../core/ids.ts";
import { createLog } from "../kit/log.ts";
import { type FakeAmi, type FakeFields, startFakeAmi } from "./ami/fake-ami.ts";
import { loadAmiRights } from "./ami-rights.ts";
import { createPbx, type PbxOptions } from "./pbx.ts";

const log = createLog({ level: "silent", format: "json" });
const random = { fraction: () => 0, bytes: () => Buffer.alloc(1), uuid: () => "" };
type Told = { callUuid: string; fact: CallFact; raw: string };

/** Free for whoever asks, until revoked. */
function createLease() {
  let holder: AbortController | undefined;
  const exclusive: PbxOptions["exclusive"] = async (_key, signal, work) => {
    holder = new AbortController();
    await work(AbortSignal.any([signal, holder.signal]));
  };
  return { exclusive, revoke: () => holder?.abort(new Error("the lease was lost")) };
}

async function openPbx(more: Partial<PbxOptions> = {}, prepare: (fake: FakeAmi) => void = () => undefined) {
  const fake = await startFakeAmi();
  prepare(fake);
  const clock = createManualClock();
  const told: Told[] = [];
  const lease = createLease();
  const pbx = createPbx({
    settings: {
      id: "1",
      name: "main",
      tenantId: toTenantId(1),
      country: "ES",
      address: { host: "127.0.0.1", port: fake.port, username: "enlace", secret: "test-secret" },
      callIdPrefix: "",
      extensions: new Map([["101", "101"]]),
      trunks: new Set(["trunk"]),
      dial: { extension: "PJSIP/$" + "{extension}", context: "from-internal", number: "9$" + "{number}" },
    },
    clock,
    random,
    log,
    accept: async (item) => void told.push(item),
    exclusive: lease.exclusive,
    listOpenCalls: async () => [],
    ...more,
  });
  after(async () => {
    await pbx.stop();
    await fake.stop();
  });
  pbx.start();
  await until(() => pbx.status().ami?.state === "ready");
  return { fake, clock, told, lease, pbx };
}

async function until(isSo: () => boolean): Promise<void> {
  for (let turn = 0; !isSo(); turn++) {
    if (turn > 200_000) throw new Error("it never came true");
    await new Promise((resolve) => setImmediate(resolve));
  }
}

const trunk = { Channel: "PJSIP/trunk-00000001", Uniqueid: "1.1", Linkedid: "1.1" };
const phone = { Channel: "PJSIP/101-00000002", Uniqueid: "1.2", Linkedid: "1.1" };
const CALL: readonly FakeFields[] = [
  { Event: "Newchannel", ...trunk, ChannelState: "4", CallerIDNum: "600000001", Exten: "0009001" },
  { Event: "Newchannel", ...phone, ChannelState: "0" },
  { Event: "DialBegin", DestUniqueid: "1.2", DestLinkedid: "1.1", DialString: "101" },
  { Event: "BridgeEnter", ...phone, BridgeUniqueid: "b" },
  { Event: "BridgeEnter", ...trunk, BridgeUniqueid: "b" },
  { Event: "Hangup", ...phone, Cause: "16" },
  { Event: "Hangup", ...trunk, Cause: "16" },
];

test("a call on the PBX reaches the front door as facts of one call", async () => {
  const { fake, told } = await openPbx();
  for (const event of CALL) fake.event(event);
  await until(() => told.length === 4);
  const call = reduceCall(told.map(({ fact }) => fact));
  assert.deepEqual(
    [call.direction, call.outcome, call.agentExtension, call.pbx],
    ["inbound", "answered", "101", "main"],
  );
  assert.deepEqual([...new Set(told.map(({ callUuid }) => callUuid))], ["1.1"]);
  assert.deepEqual(JSON.parse(told[1]?.raw ?? "").extension, "101");
});

test("facts wait for a store that is down, and none is lost", async () => {
  let failures = 3;
  const told: Told[] = [];
  const { fake, clock, pbx } = await openPbx({
    accept: async (item) => {
      if (failures-- > 0) throw new AppError("unavailable", "the store is down");
      told.push(item);
    },
  });
  for (const event of CALL) fake.event(event);
  await until(() => pbx.status().facts.waiting > 0);
  for (let round = 0; told.length < 4; round++) {
    assert.ok(round < 50);
    await clock.advance(1_000);
  }
  assert.equal(reduceCall(told.map(({ fact }) => fact)).outcome, "answered");
});

test("a fact that the store refuses for good is counted and does not hold up the others", async () => {
  const told: Told[] = [];
  const { fake, pbx } = await openPbx({
    accept: async (item) => {
      if (item.fact.key.endsWith("ring")) throw new AppError("invalid_field", "no");
      told.push(item);
    },
  });
  for (const event of CALL) fake.event(event);
  await until(() => told.length === 3);
  assert.deepEqual(pbx.status().facts, { told: 3, refused: 1, waiting: 0 });
});

test("a call that ended while no process listened is closed as lost; one that is alive is not", async () => {
  const told: Told[] = [];
  await openPbx(
    { listOpenCalls: async () => ["0.9", "1.1"], accept: async (item) => void told.push(item) },
    (fake) =>
      void fake.channels.push({
        ...trunk,
        ChannelState: "4",
        Application: "Dial",
        Exten: "0009001",
        CallerIDNum: "600000001",
      }),
  );
  await until(() => told.some(({ callUuid }) => callUuid === "0.9"));
  const gone = told.filter(({ callUuid }) => callUuid === "0.9");
  assert.deepEqual(
    gone.map(({ fact }) => [fact.status, fact.source]),
    [["lost", "recovery"]],
  );
  assert.ok(told.every(({ callUuid, fact }) => callUuid === "0.9" || fact.status === "ringing"));
});

test("without the lease nobody listens and no call is placed; with it again, all goes on", async () => {
  const { fake, clock, lease, pbx } = await openPbx();
  lease.revoke();
  await until(() => !pbx.status().isOwner && fake.connections() === 0);
  const request = { id: "a", channel: "PJSIP/101", to: { context: "c", extension: "s" }, timeoutMs: 5_000 };
  await assert.rejects(pbx.originate(request), (error: AppError) => error.code === "unavailable");
  await clock.advance(2_000);
  await until(() => pbx.status().ami?.state === "ready");
});

test("a call that we place is answered under our id", async () => {
  const { fake, pbx } = await openPbx();
  fake.onAction = (action) => {
    if (action.get("Action") !== "Originate") return false;
    action.answer({ Response: "Success", Message: "Originate successfully queued" });
    fake.event({
      Event: "OriginateResponse",
      ActionID: action.get("ActionID") ?? "",
      Response: "Success",
      Reason: "4",
    });
    return true;
  };
  const request = { id: "t1-7", channel: "PJSIP/101", to: { context: "c", extension: "s" }, timeoutMs: 5_000 };
  const { id, result } = await pbx.originate(request);
  assert.deepEqual([id, (await result).outcome], ["t1-7", "answered"]);
  const action = fake.actions.find((each) => each.get("Action") === "Originate");
  assert.deepEqual([action?.get("ChannelId"), action?.get("Async")], ["t1-7", "true"]);
});

test("people end, redirect and transfer calls by the call's id", async () => {
  const { fake, pbx, told } = await openPbx();
  fake.onAction = (action) => {
    if (!/^(Hangup|Redirect|BlindTransfer|Atxfer)$/.test(action.get("Action") ?? "")) return false;
    action.answer({ Response: action.get("Exten") === "102" ? "Error" : "Success", Message: "no" });
    if (action.get("Action") === "Atxfer") fake.event({ Event: "Hold", Uniqueid: action.get("Channel") ?? "" });
    return true;
  };
  for (const event of CALL.slice(0, 5)) fake.event(event);
  await until(() => told.length === 3);
  const commands = pbx.commands();
  await commands.transfer("1.1", "101", "blind");
  await commands.transfer("1.1", "101", "attended");
  await commands.redirect("1.1", "101");
  await commands.hangUp("1.1");
  const asked = fake.actions.slice(-4).map((action) => ["Action", "Channel", "Exten"].map((name) => action.get(name)));
  assert.deepEqual(asked, [
    ["BlindTransfer", "1.2", "101"],
    ["Atxfer", "1.2", "101"],
    ["Redirect", "1.1", "101"],
    ["Hangup", "1.1", undefined],
  ]);
  const codeOf = (work: Promise<unknown>) =>
    work.then(
      () => "done",
      (error: AppError) => error.code,
    );
  assert.equal(await codeOf(commands.redirect("1.1", "999")), "invalid_field");
  assert.equal(await codeOf(commands.redirect("0.0", "101")), "not_found");
  assert.equal(await codeOf(commands.divert("1.1", "101")), "conflict", "somebody talks already");
  assert.equal(await codeOf(commands.hangUp("0.0")), "not_found");
  assert.equal(
    await codeOf(commands.clickToCall({ id: "c1", extension: "999", number: "600000011" })),
    "invalid_field",
  );
  assert.equal(await codeOf(commands.clickToCall({ id: "c1", extension: "101", number: "600,30" })), "invalid_field");
});

test("the PBX is looked at again every five minutes", async () => {
  const { fake, clock, pbx } = await openPbx();
  const again = fake.next("CoreShowChannels");
  for (let elapsedMs = 0; elapsedMs < 300_000; elapsedMs += 15_000) {
    await clock.advance(15_000);
    await pbx.loadRights(); // answered after the ping that went before it
  }
  await again;
});

test("a user who may run commands is told apart from one who may not do enough", async () => {
  const { fake, pbx } = await openPbx();
  fake.onAction = (action) => {
    if (action.get("Action") !== "ListCommands") return false;
    action.answer({ Response: "Success", Originate: "x", Hangup: "x", Command: "x", Status: "x" });
    return true;
  };
  const rights = await pbx.loadRights();
  assert.deepEqual(rights.dangerous, ["Command"]);
  assert.deepEqual(rights.missing, ["Redirect", "Atxfer", "BlindTransfer", "QueueStatus"]);
  const nothing = await loadAmiRights(async () => ({ fields: [], get: () => undefined, all: () => [] }));
  assert.ok(nothing.missing.includes("CoreShowChannels or Status"));
});
