import assert from "node:assert/strict";
import { test } from "node:test";
import { silentLog } from "../../test/database.ts";
import { createManualClock } from "../../test/manual-clock.ts";
import type { CrmContact, Session } from "../connectors/connector.ts";
import type { ConnectionRecord } from "../core/connection-record.ts";
import { toTenantId } from "../core/ids.ts";
import { createConnectionQuestion } from "./connection-question.ts";
import { createFakeConnector } from "./fake-connector.ts";
import { createSessionPool } from "./session-pool.ts";

const ANN: CrmContact = { id: "12x7", name: "Ann", kind: "Contacts" };
const CONNECTION: ConnectionRecord = {
  ...{ tenantId: toTenantId(1), id: "1", connector: "fake", name: "c", settings: { name: "c", signals: false } },
  ...{ problem: null, enabled: true, version: 1, origin: "api" },
};
const signal = new AbortController().signal;

function createFixture(more: Partial<Session>) {
  const clock = createManualClock();
  const fake = createFakeConnector();
  const { open } = fake;
  fake.open = (context) => ({ ...open(context), ...more });
  const sessions = createSessionPool({
    connectors: [fake],
    loadTenant: async () => ({ number: "1", name: "T", timeZone: "UTC", country: "ES", language: "es" }),
    openMemory: () => ({ load: async () => null, save: async () => undefined, forget: async () => undefined }),
    exclusive: (_key, held, work) => work(held),
    publicUrl: "https://enlace.example.test",
    ...{ clock, log: silentLog },
  });
  const http = () => Promise.reject(new Error("nothing is sent here"));
  return { clock, find: createConnectionQuestion({ sessions, http, clock }) };
}

test("a connector that knows who is responsible is asked that, and not who calls", async () => {
  const found = { contact: ANN, extension: "101", owner: "ana" };
  const { find } = createFixture({ responsible: async () => found, lookup: () => assert.fail() });
  assert.deepEqual(await find(CONNECTION, "+34600000001", signal), found);
});

test("one that knows names alone gives a name, and one that knows nobody gives nobody", async () => {
  assert.deepEqual(await createFixture({ lookup: async () => ANN }).find(CONNECTION, "+34600000001", signal), {
    contact: ANN,
  });
  for (const session of [{}, { lookup: async () => null }, { responsible: async () => null }])
    assert.equal(await createFixture(session).find(CONNECTION, "+34600000001", signal), null);
});

test("a connection whose settings cannot be used is a failure, never an answer", async () => {
  const { find } = createFixture({ responsible: async () => null });
  const broken = { ...CONNECTION, problem: { text: "its secrets do not open", code: "connection.sealed", values: {} } };
  await assert.rejects(find(broken, "+34600000001", signal), /its secrets do not open/);
});

test("a session that does not even settle after the abort is left alone two seconds later", async () => {
  const { find, clock } = createFixture({ responsible: () => new Promise(() => undefined) });
  const patience = new AbortController();
  const refused = assert.rejects(find(CONNECTION, "+34600000001", patience.signal), /too late/);
  await clock.advance(0);
  patience.abort(new Error("too late"));
  await clock.advance(2_000);
  await refused;
});
