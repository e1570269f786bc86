import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { silentLog } from "../../test/database.ts";
import { createManualClock } from "../../test/manual-clock.ts";
import type { ConnectorContext } from "../connectors/connector.ts";
import type { ConnectionRecord } from "../core/connection-record.ts";
import { toTenantId } from "../core/ids.ts";
import { createFakeConnector, type FakeSettings } from "./fake-connector.ts";
import { createSessionPool } from "./session-pool.ts";

const clock = createManualClock();
const fake = createFakeConnector();
const contexts: ConnectorContext<FakeSettings>[] = [];
const keys: string[] = [];
const open = fake.open;
fake.open = (context) => {
  contexts.push(context);
  return open(context);
};
const pool = createSessionPool({
  connectors: [fake],
  loadTenant: async () => ({ number: "1", name: "T", timeZone: "UTC", country: "ES", language: "es" }),
  openMemory: () => ({ load: async () => null, save: async () => undefined, forget: async () => undefined }),
  exclusive: async (key, signal, work) => {
    keys.push(key);
    return work(signal);
  },
  publicUrl: "https://enlace.example.test",
  clock,
  log: silentLog,
});
const connection = (changes: Partial<ConnectionRecord> = {}): ConnectionRecord => ({
  ...{ tenantId: toTenantId(1), id: "1", connector: "fake", name: "c", settings: { name: "c", signals: false } },
  ...{ problem: null, enabled: true, version: 1, origin: "api" as const },
  ...changes,
});

beforeEach(() => {
  fake.opened = 0;
  fake.closed = 0;
  contexts.length = 0;
});

test("all who use one version of a connection share one session", async () => {
  await Promise.all([1, 2, 3].map(() => pool.use(connection({ id: "a" }), async () => undefined)));
  assert.equal(fake.opened, 1);
});

test("a newer version opens a session of its own, and the older one is closed when its last user is done", async () => {
  const gate = Promise.withResolvers<void>();
  const old = pool.use(connection({ id: "b" }), () => gate.promise);
  await pool.use(connection({ id: "b", version: 2 }), async () => undefined);
  assert.deepEqual([fake.opened, fake.closed], [2, 0]);
  gate.resolve();
  await old;
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(fake.closed, 1);
});

test("a session nobody uses for ten minutes is closed, and opened again when it is needed", async () => {
  await pool.use(connection({ id: "c" }), async () => undefined);
  await clock.advance(11 * 60_000);
  pool.trim();
  await new Promise((resolve) => setImmediate(resolve));
  assert.ok(fake.closed >= 1);
  await pool.use(connection({ id: "c" }), async () => undefined);
  assert.equal(fake.opened, 2);
});

test("when a tenant's facts change its sessions are opened anew", async () => {
  await pool.use(connection({ id: "d", tenantId: toTenantId(4) }), async () => undefined);
  pool.retireTenant(toTenantId(4));
  await pool.use(connection({ id: "d", tenantId: toTenantId(4) }), async () => undefined);
  assert.equal(fake.opened, 2);
});

test("a session that could not be opened is tried again the next time", async () => {
  fake.open = () => {
    throw new Error("a bug while opening");
  };
  await assert.rejects(
    pool.use(connection({ id: "e" }), async () => undefined),
    /a bug while opening/,
  );
  fake.open = open;
  assert.equal(await pool.use(connection({ id: "e" }), async () => "opened"), "opened");
});

test("an unknown connector is named", async () => {
  await assert.rejects(
    pool.use(connection({ id: "f", connector: "nope" }), async () => undefined),
    /no connector "nope"/,
  );
});

test("locks are scoped to the connection", async () => {
  fake.open = (context) => {
    contexts.push(context);
    return open(context);
  };
  await pool.use(connection({ id: "g" }), async () => undefined);
  await contexts[0]?.exclusive("login", new AbortController().signal, async () => undefined);
  assert.deepEqual(keys, ["connection:g:login"]);
});

test("stop closes every session", async () => {
  const opened = fake.opened;
  await pool.use(connection({ id: "h" }), async () => undefined);
  await pool.stop();
  assert.ok(fake.closed > opened);
});
