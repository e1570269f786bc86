// Enlace loses the connection to a real Asterisk in the middle of traffic, and is away for a while: afterwards every call is in
// the log exactly once, as somebody who never lost the connection saw it, and the gap report says how many were missing.
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import type { Call } from "../../../src/core/call.ts";
import { toPartyText } from "../../../src/core/phone-number.ts";
import type { Database } from "../../../src/kit/postgres/database.ts";
import type { Json } from "../../api-client.ts";
import { createTestDatabase } from "../../database.ts";
import { eventually } from "../../eventually.ts";
import { startTestEnlace, type TestEnlace } from "../../harness.ts";
import { AMI_SECRET, type Asterisk, startAsterisks } from "./asterisk.ts";
import { startCuttableLine } from "./cuttable-line.ts";
import { openWorld, until, type World } from "./world.ts";

const started = await startAsterisks();
const skip = typeof started === "string" && started;
const { pbx: asterisk } = (started ?? {}) as { pbx: Asterisk };
const world = (skip === false ? await openWorld(started as Exclude<typeof started, string>) : undefined) as World;
// Of the file, not of the test: Enlace stops when the test ends, its database goes after that.
const [database, another] = (skip === false ? [await createTestDatabase(), await createTestDatabase()] : []) as [
  Database,
  Database,
];
const SLOW = { timeoutMs: 90_000 };

async function startEnlace(port: number, database: Database): Promise<TestEnlace> {
  const env = {
    AMI_HOST: "127.0.0.1",
    AMI_PORT: String(port),
    AMI_USERNAME: "enlace",
    AMI_SECRET,
    PBX_TIMEZONE: "UTC",
  };
  const enlace = await startTestEnlace({ database, env });
  await isReady(enlace);
  return enlace;
}

/** Connected, since then or later: changed settings are a new connection. */
const isReady = ({ api }: TestEnlace, sinceMs = 0) =>
  eventually(async () => {
    const [{ status }] = (await api.get("/api/v1/pbxs")).body.items;
    assert.equal(status.state, "ready");
    assert.ok(Date.parse(status.since) > sinceMs, "still the old connection");
  }, SLOW);

async function tellOfPhones(enlace: TestEnlace): Promise<string> {
  const { api } = enlace;
  for (const extension of ["101", "102", "103"]) await api.put(`/api/v1/extensions/${extension}`, {});
  const [{ id }] = (await api.get("/api/v1/pbxs")).body.items;
  await api.patch(`/api/v1/pbxs/${id}`, { trunks: ["trunk"] });
  return id;
}

const toCsv = (): Json => ({ kind: "csv", path: join(asterisk.folder, "var/log/asterisk/cdr-csv") });

/** Where the records of its calls are; resolves once it listens with that. */
async function readFrom(enlace: TestEnlace, { id, cdr }: { id: string; cdr: Json }): Promise<void> {
  const beforeMs = Date.now();
  const { status, body } = await enlace.api.put(`/api/v1/pbxs/${id}/cdr`, cdr);
  assert.equal(status, 200, JSON.stringify(body));
  await isReady(enlace, beforeMs);
}

/** Resolves once so many calls are over. */
const areOver = (count: number) =>
  until(
    () => world.told.filter(({ fact }) => fact.endedAt).length >= count || undefined,
    `${count} calls are over`,
    100_000,
  );
const areTalking = (count: number) =>
  until(
    () => world.told.filter(({ fact }) => fact.status === "in_progress").length >= count || undefined,
    `${count} talk`,
  );

const describe = (call: Call): string =>
  `${call.direction} ${call.from && toPartyText(call.from)} > ${call.to && toPartyText(call.to)} ${call.outcome} by ${call.agentExtension} on ${call.trunk}`;
const describeItem = (item: Json): string =>
  `${item.direction} ${item.from} > ${item.to} ${item.outcome} by ${item.agent_extension} on ${item.trunk}`;

/** What somebody who never lost the connection saw, beside what stands in the log: the same calls, each once. */
async function assertSameCalls({ api }: TestEnlace, truth: ReadonlyMap<string, Call>): Promise<Json[]> {
  const wanted = [...truth].map(([id, call]) => `${id} ${describe(call)}`).sort();
  const items = await eventually(async () => {
    const found: Json[] = (await api.get("/api/v1/calls?limit=200")).body.items;
    assert.deepEqual(found.map((item) => `${item.call_uuid} ${describeItem(item)}`).sort(), wanted);
    return found;
  }, SLOW);
  for (const item of items) {
    const call = truth.get(item.call_uuid);
    assert.ok(
      Math.abs((item.talk_seconds ?? 0) - (call?.talkSeconds ?? 0)) <= 2,
      `${describeItem(item)}: ${item.talk_seconds} s`,
    );
    assert.ok(Math.abs(Date.parse(item.ended_at) - (call?.endedAt?.getTime() ?? 0)) <= 2_000, `${item.ended_at}`);
  }
  return items;
}

const findGap = (enlace: TestEnlace, pbxId: string, reason: string): Promise<Json> =>
  eventually(async () => {
    const { items } = (await enlace.api.get(`/api/v1/pbxs/${pbxId}/gaps`)).body;
    const gap = items.find((each: Json) => each.reason === reason && each.state !== "open");
    assert.ok(gap, JSON.stringify(items));
    return gap;
  }, SLOW);

test("calls that ran and ended while the connection was cut are in the log once, as they were", {
  skip,
  timeout: 240_000,
}, async () => {
  const line = await startCuttableLine(asterisk.amiPort);
  const enlace = await startEnlace(line.port, database);
  const pbxId = await tellOfPhones(enlace);
  await readFrom(enlace, { id: pbxId, cdr: toCsv() });
  await world.reset();

  await world.talkSeconds(6);
  await world.callIn("0009001"); // begins before the cut, ends in it
  await areTalking(1);
  line.cut();
  await areOver(1);
  await world.talkSeconds(2);
  await world.callIn("0009006"); // a ring group of Local channels
  await areOver(2);
  await world.dial("101", "9600000011");
  await areOver(3);
  await world.dial("102", "9600000013");
  await areOver(4);
  await world.phone("101", "busy");
  await world.callIn("0009001");
  await areOver(5);
  await world.phone("101", "answer");
  await world.talkSeconds(60);
  await world.callIn("0009001"); // begins in the cut, ends after it
  await areTalking(4);
  for (const extension of ["101", "102"]) await world.phone(extension, "ring");
  await world.phone("103", "busy");
  for (const count of [6, 7]) {
    await world.callIn("0009003"); // takes seconds, in which nobody hears the other one
    await areOver(count);
  }
  line.mend();
  await isReady(enlace);
  await areOver(8);
  const truth = await world.settle();
  assert.equal(truth.size, 8);

  const gap = await findGap(enlace, pbxId, "connection_lost");
  assert.deepEqual([gap.state, gap.added, gap.repaired], ["checked", 6, gap.missing], JSON.stringify(gap));
  const corrected = async () => {
    const { items } = (await enlace.api.get(`/api/v1/pbxs/${pbxId}/gaps`)).body;
    return items.reduce((sum: number, each: Json) => sum + each.corrected, 0);
  };
  await eventually(async () => assert.equal(await corrected(), 2, "those that the cut's two edges went through"), SLOW);
  const items = await assertSameCalls(enlace, truth);

  const recovered = await enlace.rows(
    "select distinct c.call_uuid from calls c where 'recovery' = any(c.sources) and not ('ami' = any(c.sources))",
  );
  assert.equal(recovered.length, 6, "what nobody heard is flagged as recovered");
  const signals = await enlace.rows(
    "select 1 from deliveries d join calls c on c.id = d.subject_id where d.kind = 'signal' and not ('ami' = any(c.sources))",
  );
  assert.deepEqual(signals, [], "what is over raises no pop-up");
  await eventually(async () => {
    const [{ count }] = (await enlace.rows(
      "select count(*)::int as count from deliveries where kind = 'record' and state = 'delivered'",
    )) as [Json];
    assert.equal(count, items.length);
  }, SLOW);

  const since = new Date(Date.now() - 600_000).toISOString();
  const { status, body } = await enlace.api.post(`/api/v1/pbxs/${pbxId}/reconcile`, { since });
  assert.equal(status, 202, JSON.stringify(body));
  const again = await findGap(enlace, pbxId, "asked");
  assert.deepEqual([again.state, again.calls, again.missing], ["checked", 8, 0], JSON.stringify(again));

  await enlace.stop();
  world.told.length = 0;
  await world.talkSeconds(1);
  await world.callIn("0009001"); // while Enlace is down
  const meanwhile = await world.settle();
  const next = await startEnlace(line.port, database);
  const down = await findGap(next, pbxId, "not_listening");
  assert.deepEqual([down.state, down.added, down.corrected], ["checked", 1, 0], JSON.stringify(down));
  await assertSameCalls(next, new Map([...truth, ...meanwhile]));
});

test("with records over AMI alone the gap says plainly what nobody can tell, and once a file is named the call is found", {
  skip,
  timeout: 240_000,
}, async () => {
  const line = await startCuttableLine(asterisk.amiPort);
  const enlace = await startEnlace(line.port, another);
  const pbxId = await tellOfPhones(enlace);
  assert.equal(
    (await enlace.api.get(`/api/v1/pbxs/${pbxId}/cdr`)).body.kind,
    "ami",
    "as long as nobody says otherwise",
  );
  await world.reset();
  await world.talkSeconds(1);
  const since = new Date(Date.now() - 1_000).toISOString();
  line.cut();
  await world.callIn("0009001"); // begins and ends while nobody listens
  const truth = await world.settle();
  line.mend();
  await isReady(enlace);
  const gap = await findGap(enlace, pbxId, "connection_lost");
  assert.deepEqual([gap.state, gap.added], ["unchecked", 0], JSON.stringify(gap));
  assert.match(gap.problem, /calls that ended before .* could not be compared.*enlace pbx cdr/);
  assert.deepEqual((await enlace.api.get("/api/v1/calls")).body.items, []);

  await readFrom(enlace, { id: pbxId, cdr: toCsv() });
  const asked = await enlace.api.post(`/api/v1/pbxs/${pbxId}/reconcile`, { since });
  assert.equal(asked.status, 202, JSON.stringify(asked.body));
  const found = await findGap(enlace, pbxId, "asked");
  assert.deepEqual([found.state, found.added], ["checked", 1], JSON.stringify(found));
  await assertSameCalls(enlace, truth);
});
