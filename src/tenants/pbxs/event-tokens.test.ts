import assert from "node:assert/strict";
import { test } from "node:test";
import { createTenantsFixture } from "../../../test/tenants-fixture.ts";
import { AppError } from "../../core/errors.ts";
import { toTenantId } from "../../core/ids.ts";
import { systemRandom } from "../../kit/random.ts";
import { createEventTokens } from "./event-tokens.ts";
import { DEFAULT_DIAL } from "./pbx-changes.ts";

const { database, clock, tenants } = await createTenantsFixture();
const tenantId = toTenantId(1);
const doer = { tenantId, actor: "user:1", address: "192.0.2.1" };
const listener = { on: () => () => undefined };
const open = (secret: string, previousSecrets: readonly string[] = []) =>
  createEventTokens({ database, listener, clock, random: systemRandom, secret, previousSecrets });
const tokens = open("the first secret, of thirty-two characters");

const noAmi = { host: null, username: null, secret: null, port: 5038, tls: false, tlsCa: null };
const pbx = {
  ...{ ...noAmi, name: "Branch", timeZone: "America/Lima", trunks: [], dial: DEFAULT_DIAL, enabled: true },
  recordings: null,
};
const { id } = await tenants.pbxs.create(doer, pbx);
const codeOf = (work: Promise<unknown>) =>
  work.then(
    () => "done",
    (error) => (error instanceof AppError ? error.code : error),
  );

test("a token tells whose it is and how to read what comes with it", async () => {
  const { token } = await tokens.rotate(doer, id, { overlapSeconds: 0 });
  await tenants.extensions.set(doer, { number: "1001", peers: ["1001"], name: "", userId: null });
  const owner = await tokens.find(token);
  assert.deepEqual(
    [owner?.tenantId, owner?.pbxId, owner?.name, owner?.timeZone, owner?.country, owner?.extensions],
    [1, id, "Branch", "America/Lima", "ES", ["1001"]],
  );
  for (const wrong of [`${token}x`, token.slice(1), "", "x".repeat(10_000)])
    assert.equal(await tokens.find(wrong), null);
});

test("a PBX that is switched off shows no good token", async () => {
  const { token } = await tokens.rotate(doer, id, { overlapSeconds: 0 });
  await tenants.pbxs.update(doer, id, { enabled: false });
  assert.equal(await open("the first secret, of thirty-two characters").find(token), null);
  await tenants.pbxs.update(doer, id, { enabled: true });
});

test("a rotated token ends with its overlap, to the second", async () => {
  const first = await tokens.rotate(doer, id, { overlapSeconds: 0 });
  const second = await tokens.rotate(doer, id, { overlapSeconds: 60 });
  assert.ok(await tokens.find(first.token));
  clock.pass(60_000);
  assert.equal(await tokens.find(first.token), null);
  assert.ok(await tokens.find(second.token));
});

test("tokens outlive a change of ENLACE_SECRET as long as the former one is named", async () => {
  const { token } = await tokens.rotate(doer, id, { overlapSeconds: 0 });
  const now = "the second secret, of thirty-two characters";
  assert.equal((await open(now, ["the first secret, of thirty-two characters"]).find(token))?.pbxId, id);
  assert.equal(await open(now).find(token), null);
});

test("no two PBXs have the same token, and another tenant's PBX gets none", async () => {
  const token = "made-up-by-people";
  await tokens.rotate(doer, id, { overlapSeconds: 0, token });
  assert.equal(await codeOf(tokens.rotate(doer, id, { overlapSeconds: 0, token })), "done", "its own one again");
  const other = await tenants.pbxs.create(doer, { ...pbx, name: "Other" });
  assert.equal(await codeOf(tokens.rotate(doer, other.id, { overlapSeconds: 0, token })), "conflict");
  const stranger = { ...doer, tenantId: toTenantId(2) };
  assert.equal(await codeOf(tokens.rotate(stranger, id, { overlapSeconds: 0 })), "not_found");
  assert.equal(await codeOf(tokens.revoke(stranger, id)), "not_found");
});

test("the environment's token is applied once, and a rotation after it is not undone by a restart", async () => {
  assert.equal(await tokens.applyEnvironmentToken(tenantId, id, "unit-token-A"), true);
  const { token } = await tokens.rotate(doer, id, { overlapSeconds: 0 });
  assert.equal(await tokens.applyEnvironmentToken(tenantId, id, "unit-token-A"), false);
  assert.ok(await tokens.find(token));
  assert.equal(await tokens.find("unit-token-A"), null);
  assert.equal(await tokens.applyEnvironmentToken(tenantId, id, "unit-token-B"), true);
  assert.ok(await tokens.find("unit-token-B"));
  assert.ok(await tokens.find(token), "for a day more");
  assert.equal(await tokens.applyEnvironmentToken(tenantId, id, "unit-token-A"), true, "back again");
  assert.ok(await tokens.find("unit-token-A"));
});

test("half of an AMI account is no account", async () => {
  assert.equal(await codeOf(tenants.pbxs.update(doer, id, { host: "pbx.example.test" })), "invalid_field");
  const ami = { host: "pbx.example.test", username: "enlace", secret: "s" };
  assert.equal((await tenants.pbxs.update(doer, id, ami)).host, "pbx.example.test");
  const without = { host: null, username: null, secret: null };
  assert.equal((await tenants.pbxs.update(doer, id, without)).sealedSecret, null);
  assert.deepEqual(await tenants.pbxs.listEnabled(), []);
});
