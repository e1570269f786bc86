import assert from "node:assert/strict";
import { test } from "node:test";
import { sql } from "kysely";
import { silentLog } from "../../test/database.ts";
import { addTenant, createTenantsFixture } from "../../test/tenants-fixture.ts";
import { toTenantId } from "../core/ids.ts";
import { systemRandom } from "../kit/random.ts";
import { createSecretBox } from "../kit/secret-box.ts";
import { createDirectory } from "./directory.ts";

const fixture = await createTenantsFixture();
const { ask, login, clock, database, notify, tenants } = fixture;
const admin = await login("admin");

test("no number is the default tenant, an unknown number is nobody", async () => {
  const tenant = await tenants.loadTenantByNumber(undefined);
  assert.equal(tenant?.isDefault, true);
  assert.deepEqual(tenant?.signatureModes, ["raw", "python-json"]);
  assert.deepEqual(await tenants.loadTenantByNumber("1"), tenant);
  for (const number of ["2", "", "1 ", "' or true --"]) {
    const found = await tenants.loadTenantByNumber(number);
    assert.equal(found?.isDefault ?? false, number === "", number);
  }
  assert.equal(await tenants.loadTenant(toTenantId(4711)), null);
});

test("a tenant that comes to be after somebody asked for it is found at once", async () => {
  assert.equal(await tenants.loadTenantByNumber("late"), null);
  const { id } = await addTenant(fixture, admin, "late");
  assert.equal((await tenants.loadTenantByNumber("late"))?.id, Number(id));
});

test("what is remembered is asked for once in a minute", async () => {
  const { id } = await addTenant(fixture, admin, "cached");
  const tenantId = toTenantId(Number(id));
  assert.equal((await tenants.loadTenant(tenantId))?.name, "Tenant cached");
  await sql`update tenants set name = 'behind our back' where id = ${tenantId}`.execute(database.sql);
  clock.pass(59_000);
  assert.equal((await tenants.loadTenant(tenantId))?.name, "Tenant cached");
  clock.pass(1_000);
  assert.equal((await tenants.loadTenant(tenantId))?.name, "behind our back");
});

test("a notified change is seen at once, of that tenant only; a lost connection forgets everything", async () => {
  const one = toTenantId(Number((await addTenant(fixture, admin, "one")).id));
  const other = toTenantId(Number((await addTenant(fixture, admin, "other")).id));
  const names = async () => [(await tenants.loadTenantByNumber("one"))?.name, (await tenants.loadTenant(other))?.name];
  await names();
  await sql`update tenants set name = 'changed' where id in (${one}, ${other})`.execute(database.sql);
  notify(String(one));
  assert.deepEqual(await names(), ["changed", "Tenant other"]);
  notify("nonsense");
  assert.deepEqual(await names(), ["changed", "changed"]);
  await sql`update tenants set name = 'again' where id in (${one}, ${other})`.execute(database.sql);
  notify(null);
  assert.deepEqual(await names(), ["again", "again"]);
});

test("a change by this process is seen here without waiting for its notification", async () => {
  await tenants.loadTenantByNumber(undefined);
  await ask("PATCH", "/api/v1/tenant", { as: admin, body: { language: "ru" } });
  assert.equal((await tenants.loadTenantByNumber(undefined))?.language, "ru");
});

test("each change of settings is notified to the other processes, none that failed is", async () => {
  const heard: (string | undefined)[] = [];
  const client = await database.pool.connect();
  client.on("notification", ({ payload }) => heard.push(payload));
  await client.query("listen settings");
  await ask("PATCH", "/api/v1/tenant", { as: admin, body: { name: "Told" } });
  await ask("POST", "/api/v1/webhook-secrets/rotate", { as: admin, body: {} });
  await ask("PATCH", "/api/v1/tenants/1", { as: admin, body: { disabled: true } });
  await client.query("select 1"); // notifications arrive before the answer
  assert.deepEqual(heard, ["1", "1"]);
  await client.query("unlisten *");
  client.release();
});

test("a store that fails is not remembered as an answer", async () => {
  let isAway = true;
  const directory = createDirectory({
    database: {
      ...database,
      get sql() {
        if (isAway) throw new Error("away");
        return database.sql;
      },
    },
    listener: { on: () => () => undefined },
    clock,
    box: createSecretBox({ secret: "x".repeat(32), random: systemRandom }),
    log: silentLog,
  });
  await assert.rejects(directory.loadTenantByNumber(undefined), /away/);
  isAway = false;
  assert.equal((await directory.loadTenantByNumber(undefined))?.isDefault, true);
});
