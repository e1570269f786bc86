import assert from "node:assert/strict";
import { after, test } from "node:test";
import { createTestDatabase, silentLog } from "../../test/database.ts";
import type { CallFact } from "../core/call-fact.ts";
import { toTenantId } from "../core/ids.ts";
import { systemClock } from "../kit/clock.ts";
import { type Database, openDatabase } from "../kit/postgres/database.ts";
import type { Accept, AcceptItem } from "./accept.ts";
import { createIdentity, type IdentityOptions } from "./identity.ts";

const database = await createTestDatabase();
const away = openDatabase({ url: "postgres://postgres@127.0.0.1:9/none", poolMax: 2, log: silentLog });
after(() => away.close());

function createDoor(on: Database, prefixes: IdentityOptions["loadPrefixes"]) {
  const told: string[] = [];
  const accept = (async ({ callUuid }: AcceptItem) => void told.push(callUuid)) as unknown as Accept["accept"];
  const listener = { on: () => () => undefined };
  const identity = createIdentity({
    ...{ database: on, listener, clock: systemClock, accept, loadPrefixes: prefixes, onTwins: () => undefined },
  });
  return { ...identity, told };
}
const item = (callUuid: string, fact: Partial<CallFact> = {}, raw: object = {}): AcceptItem => ({
  tenant: { id: toTenantId(1) },
  callUuid,
  fact: { key: "k", source: "webhook", at: new Date("2026-03-10T10:00:00Z"), ...fact },
  raw: JSON.stringify(raw),
});
const onePbx = async () => new Map([["PBX", ""]]);

test("a tenant without a PBX is told as it came, and the store is not asked", async () => {
  const door = createDoor(away, async () => new Map());
  await door.accept(item("uuid-1", {}, { uniqueid: "1700000100.1" }));
  assert.deepEqual(door.told, ["uuid-1"]);
});

test("a store that is away is unavailable, not a fault of the fact: whoever tells it tries again", async () => {
  await assert.rejects(createDoor(away, onePbx).accept(item("uuid-1")), { code: "unavailable" });
  const unknowing = createDoor(database, () => away.pool.query("select 1").then(() => new Map()));
  await assert.rejects(unknowing.accept(item("uuid-1")), { code: "unavailable" });
});

test("facts that come together agree on one name, whatever each calls it", async () => {
  const door = createDoor(database, onePbx);
  const ami = (leg: number) => item("1700000200.1", { source: "ami", key: `ami:1700000200.${leg}:ring` });
  await Promise.all([ami(1), ami(2), item("uuid-2", {}, { uniqueid: "1700000200.2" }), ami(3)].map(door.accept));
  await door.accept(ami(4));
  await door.accept(item("uuid-2"));
  assert.equal(new Set(door.told).size, 1, door.told.join());
});

test("what one process names, another one knows", async () => {
  const [one, other] = [createDoor(database, onePbx), createDoor(database, onePbx)];
  await one.accept(item("uuid-3", {}, { linkedid: "1700000300.1" }));
  await other.accept(item("1700000300.1", { source: "ami", key: "ami:1700000300.1:start" }));
  assert.deepEqual(other.told, ["uuid-3"]);
});
