// In the middle of a campaign Enlace, the PBX and the store die, each in its turn: nobody is called twice within the interval,
// nobody is forgotten, and a conversation goes on.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import pg from "pg";
import { startFakeVtiger } from "../../src/connectors/vtiger/fake-vtiger.ts";
import { type ApiClient, type Json, logIn } from "../api-client.ts";
import { createChildEnlace } from "../child-enlace.ts";
import { type PlacedCall, startDialPbx } from "../dial-pbx.ts";
import { createDialerFixture, type DialerFixture } from "../dialer-fixture.ts";
import { ADMIN_PASSWORD } from "../environment.ts";
import { eventually } from "../eventually.ts";
import { startOwnPostgres } from "../simulation/own-postgres.ts";

const postgres = await startOwnPostgres();
const crm = await startFakeVtiger();
const pbx = await startDialPbx();
const env = {
  AMI_HOST: "127.0.0.1",
  AMI_PORT: String(pbx.ami.port),
  AMI_USERNAME: "enlace",
  AMI_SECRET: "test-secret",
};
const server = await createChildEnlace({ databaseUrl: postgres.url, crmUrl: crm.url, env });
after(async () => {
  await server.kill();
  await Promise.all([crm.stop(), pbx.ami.stop()]);
  await postgres.stop();
});

const numbers = (from: number, count: number): string[] =>
  Array.from({ length: count }, (_, index) => `+3460000${String(from + index).padStart(4, "0")}`);
const callsTo = (wanted: readonly string[]): PlacedCall[] =>
  pbx.calls.filter(({ number }) => wanted.includes(`+${number}`));

let api: ApiClient;
let house: DialerFixture;
let projectId: string;

/** Everybody on the list is settled, and was called once. */
async function everybodyCalledOnce(campaignId: string, wanted: readonly string[]): Promise<Json[]> {
  await eventually(async () => {
    const { body } = await api.get(`/api/v1/campaigns/${campaignId}`);
    assert.equal(body.state, "completed", JSON.stringify(body));
  });
  const called = callsTo(wanted).map(({ number }) => `+${number}`);
  assert.deepEqual(called.toSorted(), wanted, "each number was called once");
  return house.attempts(`campaign_id=${campaignId}`);
}

test("a house that can dial", async () => {
  await server.start();
  api = await logIn(server.url, "admin", ADMIN_PASSWORD);
  house = await createDialerFixture({ api, url: server.url });
  const trunkId = await house.createTrunk("carrier", { channels_max: 10 });
  const never = { attempts_max: 1 };
  const trunks = [{ trunk_id: trunkId, weight: 1 }];
  projectId = (await house.createProject("Reminders", { trunks, retry: never })).id;
});

test("after kill -9 of Enlace the living calls are taken over and the dead ones closed; nobody is called twice", async () => {
  const wanted = numbers(1000, 25);
  pbx.fateOf = () => ({ does: "ring" });
  const campaignId = await house.startCampaign(projectId, wanted);
  await eventually(() => assert.equal(callsTo(wanted).length, 10));
  const [talking, ringing, deaf, gone] = callsTo(wanted);
  talking?.answer();
  await eventually(async () => assert.equal((await house.attempt(talking?.id ?? "")).state, "talking"));
  await server.kill();
  gone?.hangUp(16); // nobody hears it
  deaf?.hangUp(17);
  await server.start();

  for (const lost of [deaf, gone]) {
    const { disposition, disposition_source } = await house.ended(lost?.id ?? "");
    assert.deepEqual([disposition, disposition_source], ["failed", "orphan"]);
  }
  assert.equal((await house.attempt(talking?.id ?? "")).state, "talking", "the conversation goes on");
  await eventually(() => assert.equal(callsTo(wanted).length, 12)); // the slots of the two that ended, and no more
  talking?.hangUp();
  ringing?.hangUp(17);
  const heard = await house.ended(talking?.id ?? "");
  assert.equal(heard.disposition, "answered");
  assert.equal((await house.ended(ringing?.id ?? "")).disposition, "busy");

  pbx.fateOf = () => ({ does: "fail", cause: 17 });
  for (const call of pbx.calls) call.hangUp(17);
  const attempts = await everybodyCalledOnce(campaignId, wanted);
  assert.equal(attempts.length, 25);
});

test("D.A 32: fifty queued calls survive a kill and are dialled once each", async () => {
  const wanted = numbers(2000, 50);
  pbx.fateOf = () => ({ does: "ring" });
  await Promise.all(wanted.map((number) => house.dial(projectId, number)));
  await server.kill();
  await server.start();
  pbx.fateOf = () => ({ does: "fail", cause: 17 });
  for (const call of pbx.calls) call.hangUp(17);
  await eventually(async () => {
    const open = (await house.attempts("source=api")).filter(({ state }) => state !== "ended");
    assert.deepEqual(
      open.map(({ number, state }) => [number, state]),
      [],
    );
  });
  assert.deepEqual(
    callsTo(wanted)
      .map(({ number }) => `+${number}`)
      .toSorted(),
    wanted,
  );
});

test("when the PBX dies with all its calls they are closed, and the campaign goes on once it is back", async () => {
  const wanted = numbers(3000, 20);
  pbx.fateOf = () => ({ does: "ring" });
  const campaignId = await house.startCampaign(projectId, wanted);
  await eventually(() => assert.equal(callsTo(wanted).length, 10));
  const dead = callsTo(wanted);
  dead[0]?.answer();
  await eventually(async () => assert.equal((await house.attempt(dead[0]?.id ?? "")).state, "talking"));
  pbx.fateOf = () => ({ does: "answer", talkMs: 20 });
  pbx.crash();
  assert.equal((await house.ended(dead[0]?.id ?? "")).disposition, "answered");
  for (const { id } of dead.slice(1)) assert.equal((await house.ended(id)).disposition_source, "orphan");
  await everybodyCalledOnce(campaignId, wanted);
});

test("while the store is away calls go on and none begins; then their ends are known and the rest are called", async () => {
  const wanted = numbers(4000, 20);
  pbx.fateOf = () => ({ does: "ring" });
  const campaignId = await house.startCampaign(projectId, wanted);
  await eventually(() => assert.equal(callsTo(wanted).length, 10));
  const during = callsTo(wanted);
  postgres.crash();
  for (const call of during) call.hangUp(17);
  pbx.fateOf = () => ({ does: "fail", cause: 17 });
  await postgres.start();
  for (const { id } of during) {
    const ended = await house.ended(id);
    assert.ok(["busy", "failed"].includes(ended.disposition), "heard, or nobody listened to the PBX at that moment");
  }
  await everybodyCalledOnce(campaignId, wanted);
});

test("told to stop, Enlace leaves the conversations alone and takes them over when it comes back", async () => {
  const wanted = numbers(5000, 3);
  pbx.fateOf = () => ({ does: "ring" });
  const campaignId = await house.startCampaign(projectId, wanted);
  await eventually(() => assert.equal(callsTo(wanted).length, 3));
  const [one] = callsTo(wanted);
  one?.answer();
  await eventually(async () => assert.equal((await house.attempt(one?.id ?? "")).state, "talking"));
  assert.equal(await server.stop(), 0);
  assert.equal(pbx.alive(), 3);
  await server.start();
  await eventually(async () => assert.equal((await api.get("/api/v1/pbxs")).body.items[0]?.status.state, "ready"));
  for (const call of callsTo(wanted)) call.hangUp(one === call ? 16 : 19);
  const attempts = await everybodyCalledOnce(campaignId, wanted);
  assert.deepEqual(attempts.map(({ disposition }) => disposition).toSorted(), ["answered", "no_answer", "no_answer"]);
});

test("calls that waited for their turn when Enlace was killed have not been tries: they are made once it is back", async () => {
  const trunkId = await house.createTrunk("paced", { channels_max: 500, per_second: 20 });
  const paced = { trunks: [{ trunk_id: trunkId, weight: 1 }], retry: { attempts_max: 1 } };
  const { id } = await house.createProject("Paced", paced);
  const wanted = numbers(6000, 200);
  pbx.fateOf = () => ({ does: "fail", cause: 17 });
  const campaignId = await house.startCampaign(id, wanted);
  let unsent = await killWithUnsent(campaignId);
  for (let again = 0; unsent.length === 0 && again < 4; again++) {
    await server.start(); // a busy machine was slower than the calls
    unsent = await killWithUnsent(campaignId);
  }
  assert.ok(unsent.length > 0, "half a second of calls is written down ahead");
  const sentIds = new Set(pbx.calls.map((call) => call.id));
  assert.deepEqual(
    unsent.filter((row) => sentIds.has(row.id)),
    [],
    "what has no mark was not sent",
  );
  await server.start();
  const isCompleted = async (): Promise<void> => {
    const { body } = await api.get(`/api/v1/campaigns/${campaignId}`);
    assert.equal(body.state, "completed", JSON.stringify(body));
  };
  await eventually(isCompleted, { timeoutMs: 180_000 }); // ten seconds of calls, on a free machine
  const called = callsTo(wanted).map(({ number }) => `+${number}`);
  assert.equal(new Set(called).size, called.length, "nobody was called twice");
  for (const { number } of unsent) assert.ok(called.includes(number), `${number} was called after all`);
});

/** Kills Enlace while calls wait for their turn; those that were written down and not marked as dialled. */
async function killWithUnsent(campaignId: string): Promise<{ id: string; number: string }[]> {
  const load = (): Promise<{ id: string; number: string }[]> =>
    query("select id, number from dial_attempts where campaign_id = $1 and state = 'dialing' and dialed_at is null", [
      campaignId,
    ]);
  await eventually(async () => assert.ok((await load()).length > 2));
  await server.kill();
  await eventually(async () => {
    const others = "select pid from pg_stat_activity where backend_type = 'client backend' and pid <> pg_backend_pid()";
    assert.equal((await query(others, [])).length, 0, "what it had asked for is done");
  });
  return load();
}

async function query<T extends pg.QueryResultRow>(text: string, values: unknown[]): Promise<T[]> {
  const client = new pg.Client({ connectionString: postgres.url });
  await client.connect();
  try {
    return (await client.query<T>(text, values)).rows;
  } finally {
    await client.end();
  }
}
