import assert from "node:assert/strict";
import { test } from "node:test";
import { sql } from "kysely";
import { pino } from "pino";
import { addTenant, createTenantsFixture } from "../../../test/tenants-fixture.ts";
import { toTenantId } from "../../core/ids.ts";

const lines: Record<string, unknown>[] = [];
const log = pino({}, { write: (line: string) => void lines.push(JSON.parse(line)) });
const fixture = await createTenantsFixture({ log });
const { ask, clock, database, tenants } = fixture;
// Keys, since tokens end while these tests move the clock.
const admin = await tenants.createOperatorKey(toTenantId(1), "test");
const HOUR_MS = 3_600_000;
const rotate = (as: string, body: object = {}) => ask("POST", "/api/v1/webhook-secrets/rotate", { as, body });
const list = async (as: string) => (await ask("GET", "/api/v1/webhook-secrets", { as })).body.items;
const newTenant = async (number: string) => {
  const id = toTenantId(Number((await addTenant(fixture, admin, number)).id));
  return { id, token: await tenants.createOperatorKey(id, "test") };
};

test("a rotated secret stays good for its overlap beside the new one, which is shown once", async () => {
  const { id, token } = await newTenant("overlap");
  assert.deepEqual(await tenants.loadWebhookSecrets(id), []);
  const first = (await rotate(token)).body;
  assert.match(first.secret, /^[\w-]{43}$/);
  const second = (await rotate(token, { overlap_seconds: 3_600 })).body;
  assert.deepEqual(await tenants.loadWebhookSecrets(id), [second.secret, first.secret]);
  const shown = await list(token);
  assert.deepEqual(
    shown.map((row: { id: string }) => row.id),
    [second.id, first.id],
  );
  assert.equal(shown[0].expires_at, null);
  assert.equal(shown[1].expires_at, second.others_expire_at);
  assert.ok(!JSON.stringify(shown).includes(second.secret));
  clock.pass(HOUR_MS);
  assert.deepEqual(await tenants.loadWebhookSecrets(id), [second.secret]);
  assert.equal((await list(token)).length, 1);
});

test("an overlap of nothing ends all others at once, whatever they were promised", async () => {
  const { id, token } = await newTenant("leaked");
  await rotate(token);
  await rotate(token, { overlap_seconds: 86_400 });
  const third = (await rotate(token, { overlap_seconds: 0 })).body;
  assert.deepEqual(await tenants.loadWebhookSecrets(id), [third.secret]);
});

test("a longer overlap does not lengthen what was to end sooner", async () => {
  const { id, token } = await newTenant("sooner");
  await rotate(token);
  await rotate(token, { overlap_seconds: 60 });
  await rotate(token, { overlap_seconds: 86_400 });
  clock.pass(61_000);
  assert.equal((await tenants.loadWebhookSecrets(id)).length, 2);
});

test("overlaps are whole seconds up to thirty days", async () => {
  for (const overlap_seconds of [-1, 1.5, 30 * 86_400 + 1, "60"]) {
    const refused = await rotate(admin, { overlap_seconds });
    assert.equal(refused.status, 422);
    assert.equal(refused.body.errors[0].path, "overlap_seconds");
  }
});

test("secrets are stored sealed, for their tenant alone", async () => {
  const one = await newTenant("sealed-1");
  const other = await newTenant("sealed-2");
  const { secret } = (await rotate(one.token)).body;
  const { rows } = await sql<{ sealed: string }>`
    select sealed from webhook_secrets where tenant_id = ${one.id}`.execute(database.sql);
  assert.match(rows[0]?.sealed ?? "", /^v1\./);
  assert.ok(!rows[0]?.sealed.includes(secret));
  await sql`insert into webhook_secrets (tenant_id, sealed, origin, created_at)
            values (${other.id}, ${rows[0]?.sealed}, 'api', ${clock.now()})`.execute(database.sql);
  lines.length = 0;
  assert.deepEqual(await tenants.loadWebhookSecrets(other.id), []);
  assert.equal(lines.filter((line) => line.msg === "webhook_secret.does_not_open").length, 1);
});

test("the environment's secret is taken once, follows its changes with a day's overlap, and yields to the API", async () => {
  const { id, token } = await newTenant("environment");
  assert.equal(await tenants.applyEnvironmentSecret(id, "first from .env"), true);
  assert.equal(await tenants.applyEnvironmentSecret(id, "first from .env"), false);
  assert.deepEqual(await tenants.loadWebhookSecrets(id), ["first from .env"]);
  assert.equal(await tenants.applyEnvironmentSecret(id, "second from .env"), true);
  assert.deepEqual(await tenants.loadWebhookSecrets(id), ["second from .env", "first from .env"]);
  clock.pass(24 * HOUR_MS);
  assert.deepEqual(await tenants.loadWebhookSecrets(id), ["second from .env"]);
  const { secret } = (await rotate(token, { overlap_seconds: 0 })).body;
  assert.equal(await tenants.applyEnvironmentSecret(id, "second from .env"), false);
  assert.deepEqual(await tenants.loadWebhookSecrets(id), [secret]);
  assert.equal((await list(token))[0].origin, "api");
});

test("four processes that start at once take the environment's secret once", async () => {
  const { id } = await newTenant("four");
  const taken = await Promise.all([1, 2, 3, 4].map(() => tenants.applyEnvironmentSecret(id, "one for all")));
  assert.equal(taken.filter(Boolean).length, 1);
  assert.deepEqual(await tenants.loadWebhookSecrets(id), ["one for all"]);
});

test("a secret of the environment that does not open any more is taken anew", async () => {
  const { id } = await newTenant("lost");
  await tenants.applyEnvironmentSecret(id, "from .env");
  await sql`update webhook_secrets set sealed = 'v1.a.b.c' where tenant_id = ${id}`.execute(database.sql);
  assert.equal(await tenants.applyEnvironmentSecret(id, "from .env"), true);
  assert.deepEqual(await tenants.loadWebhookSecrets(id), ["from .env"]);
});

test("secrets that ended long ago are cleared away", async () => {
  const { id, token } = await newTenant("tidy");
  await rotate(token);
  await rotate(token, { overlap_seconds: 60 });
  clock.pass(31 * 24 * HOUR_MS);
  await rotate(token);
  const { rows } = await sql<{ count: number }>`
    select count(*)::int from webhook_secrets where tenant_id = ${id}`.execute(database.sql);
  assert.equal(rows[0]?.count, 2);
});
