import assert from "node:assert/strict";
import { test } from "node:test";
import { createTestDatabase, silentLog } from "../../../test/database.ts";
import { createManualClock } from "../../../test/manual-clock.ts";
import type { ConnectionRecord } from "../../core/connection-record.ts";
import { toTenantId } from "../../core/ids.ts";
import { createMetrics } from "../../kit/metrics.ts";
import type { NotificationListener } from "../../kit/postgres/listener.ts";
import { systemRandom } from "../../kit/random.ts";
import { createProfileCache } from "./profile.ts";

const database = await createTestDatabase();
const TENANT = toTenantId(1);
const toConnection = (
  id: string,
  connector: string,
  problem: ConnectionRecord["problem"] = null,
): ConnectionRecord => ({
  ...{ tenantId: TENANT, id, connector, name: connector, settings: {}, problem },
  ...{ enabled: true, version: 1, origin: "api" },
});

function createFixture(connections: readonly ConnectionRecord[] = []) {
  let notify: NotificationListener = () => undefined;
  let loads = 0;
  const clock = createManualClock();
  const cache = createProfileCache({
    ...{ database, clock, random: systemRandom, log: silentLog, metrics: createMetrics({ includeProcess: false }) },
    listener: {
      on: (_, listener) => {
        notify = listener;
        return () => undefined;
      },
    },
    loadTenant: async () => ({ country: "ES" }),
    listConnections: async () => {
      loads++;
      return connections;
    },
    canTell: (connector, what) => connector === "vtiger" || (connector === "names" && what === "lookup"),
  });
  return { cache, clock, notify: (payload: string | null) => notify(payload), loads: () => loads };
}

test("a hundred callers of a tenant that nobody has asked for yet are one question to the store", async () => {
  const { cache, loads } = createFixture();
  const profiles = await Promise.all(Array.from({ length: 100 }, () => cache.get(TENANT)));
  assert.equal(new Set(profiles).size, 1);
  assert.equal(loads(), 1);
  cache.stop();
});

test("a notified change forgets that tenant, a lost connection every tenant", async () => {
  const { cache, loads, notify } = createFixture();
  await cache.get(TENANT);
  notify("2");
  await cache.get(TENANT);
  assert.equal(loads(), 1, "it was another tenant's");
  notify("1");
  await cache.get(TENANT);
  notify(null);
  await cache.get(TENANT);
  assert.equal(loads(), 3);
  cache.stop();
});

test("the oldest connection that knows who is responsible is asked, else one that knows names, never a broken one", async () => {
  const choose = async (...connections: ConnectionRecord[]) => {
    const { cache } = createFixture(connections);
    const { connection } = await cache.get(TENANT);
    cache.stop();
    return connection?.id ?? null;
  };
  const [names, broken] = [
    toConnection("1", "names"),
    toConnection("2", "vtiger", { text: "its secrets do not open", code: "connection.sealed", values: {} }),
  ];
  const [first, second] = [toConnection("3", "vtiger"), toConnection("4", "vtiger")];
  assert.equal(await choose(names, broken, first, second), "3");
  assert.equal(await choose(names, broken), "1");
  assert.equal(await choose(toConnection("5", "webhook")), null);
});
