import assert from "node:assert/strict";
import { test } from "node:test";
import { sql } from "kysely";
import { createTestDatabase } from "../../test/database.ts";
import { systemClock } from "../kit/clock.ts";
import { systemRandom } from "../kit/random.ts";
import { ensureFirstTenant, type FirstTenant } from "./first-tenant.ts";
import { createPasswords } from "./users/passwords.ts";
import { loadPassword } from "./users/store.ts";

const passwords = createPasswords(systemRandom);
const first: FirstTenant = {
  adminPassword: undefined,
  name: "Centralita",
  timeZone: "America/Bogota",
  country: "CO",
  language: "es",
};
const ensure = async (database: Awaited<ReturnType<typeof createTestDatabase>>, change: Partial<FirstTenant> = {}) =>
  ensureFirstTenant({ database, clock: systemClock, passwords }, { ...first, ...change });

test("four processes that start at once make one tenant, one admin, and one of them has the password", async () => {
  const database = await createTestDatabase();
  const results = await Promise.all([1, 2, 3, 4].map(() => ensure(database)));
  assert.equal(new Set(results.map(({ tenantId }) => tenantId)).size, 1);
  const made = results.filter(({ isNew }) => isNew);
  assert.equal(made.length, 1);
  assert.equal(results.filter(({ oneTimePassword }) => oneTimePassword !== null).length, 1);
  const { rows } = await sql`select number, name, time_zone, country, language, is_default from tenants`.execute(
    database.sql,
  );
  assert.deepEqual(rows, [
    { number: "1", name: "Centralita", time_zone: "America/Bogota", country: "CO", language: "es", is_default: true },
  ]);
  const known = await loadPassword(database.sql, "admin");
  assert.ok(await passwords.isRight(known?.passwordHash ?? null, made[0]?.oneTimePassword ?? ""));
  assert.deepEqual([known?.user.role, known?.user.isOperator, known?.user.mustChangePassword], ["admin", true, true]);
});

test("a given password is taken, need not be changed, and is not applied again", async () => {
  const database = await createTestDatabase();
  const result = await ensure(database, { adminPassword: "from the environment" });
  assert.deepEqual([result.isNew, result.oneTimePassword], [true, null]);
  const again = await ensure(database, { adminPassword: "another one later" });
  assert.deepEqual(again, { tenantId: result.tenantId, isNew: false, oneTimePassword: null });
  const known = await loadPassword(database.sql, "admin");
  assert.equal(known?.user.mustChangePassword, false);
  assert.ok(await passwords.isRight(known?.passwordHash ?? null, "from the environment"));
});

test("no password is ever the same twice, and no usual one works", async () => {
  const [one, other] = [await createTestDatabase(), await createTestDatabase()];
  const made = await Promise.all([ensure(one), ensure(other)]);
  assert.notEqual(made[0]?.oneTimePassword, made[1]?.oneTimePassword);
  const known = await loadPassword(one.sql, "admin");
  for (const usual of ["", "admin", "enlace", "password", "changeme", "undefined", "null"])
    assert.equal(await passwords.isRight(known?.passwordHash ?? null, usual), false, usual);
});
