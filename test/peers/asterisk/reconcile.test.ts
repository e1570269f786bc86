// Enlace loses the connection to a real Asterisk in the middle of traffic, and is away for a while: afterwards every call is in
// the log exactly once, as somebody who never lost the connection saw it, and the gap report says how many were missing.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Database } from "../../../src/kit/postgres/database.ts";
import type { Json } from "../../api-client.ts";
import { createTestDatabase } from "../../database.ts";
import { eventually } from "../../eventually.ts";
import { type Asterisk, startAsterisks } from "./asterisk.ts";
import { startCuttableLine } from "./cuttable-line.ts";
import {
  assertSameCalls,
  findGap,
  isReady,
  readFrom,
  SLOW,
  startEnlace,
  tellOfPhones,
  toCsv,
} from "./reconcile-lab.ts";
import { openWorld, until, type World } from "./world.ts";

const started = await startAsterisks();
const skip = typeof started === "string" && started;
const { pbx: asterisk } = (started ?? {}) as { pbx: Asterisk };
const world = (skip === false ? await openWorld(started as Exclude<typeof started, string>) : undefined) as World;
// Of the file, not of the test: Enlace stops when the test ends, its database goes after that.
const database = (skip === false ? await createTestDatabase() : undefined) as Database;

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

test("calls that ran and ended while the connection was cut are in the log once, as they were", {
  skip,
  timeout: 240_000,
}, async () => {
  const line = await startCuttableLine(asterisk.amiPort);
  const enlace = await startEnlace(line.port, database);
  const pbxId = await tellOfPhones(enlace);
  await readFrom(enlace, { id: pbxId, cdr: toCsv(asterisk) });
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
  await world.talkSeconds(35);
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
