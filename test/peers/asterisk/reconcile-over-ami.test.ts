// The same as in reconcile.test.ts, for a PBX that nobody has said of where its call records are kept.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Database } from "../../../src/kit/postgres/database.ts";
import { createTestDatabase } from "../../database.ts";
import { type Asterisk, startAsterisks } from "./asterisk.ts";
import { startCuttableLine } from "./cuttable-line.ts";
import { assertSameCalls, findGap, isReady, readFrom, startEnlace, tellOfPhones, toCsv } from "./reconcile-lab.ts";
import { openWorld, type World } from "./world.ts";

const started = await startAsterisks();
const skip = typeof started === "string" && started;
const { pbx: asterisk } = (started ?? {}) as { pbx: Asterisk };
const world = (skip === false ? await openWorld(started as Exclude<typeof started, string>) : undefined) as World;
// Of the file, not of the test: Enlace stops when the test ends, its database goes after that.
const database = (skip === false ? await createTestDatabase() : undefined) as Database;

test("with records over AMI alone the gap says plainly what nobody can tell, and once a file is named the call is found", {
  skip,
  timeout: 240_000,
}, async () => {
  const line = await startCuttableLine(asterisk.amiPort);
  const enlace = await startEnlace(line.port, database);
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

  await readFrom(enlace, { id: pbxId, cdr: toCsv(asterisk) });
  const asked = await enlace.api.post(`/api/v1/pbxs/${pbxId}/reconcile`, { since });
  assert.equal(asked.status, 202, JSON.stringify(asked.body));
  const found = await findGap(enlace, pbxId, "asked");
  assert.deepEqual([found.state, found.added], ["checked", 1], JSON.stringify(found));
  await assertSameCalls(enlace, truth);
});
