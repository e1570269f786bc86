import assert from "node:assert/strict";
import { test } from "node:test";
import { createTenantsFixture } from "../../../test/tenants-fixture.ts";
import { AppError } from "../../core/errors.ts";
import { toTenantId } from "../../core/ids.ts";
import { createLog } from "../../kit/log.ts";
import { systemRandom } from "../../kit/random.ts";
import { createSecretBox } from "../../kit/secret-box.ts";
import { DEFAULT_DIAL } from "./pbx-changes.ts";
import { createPbxs } from "./pbxs.ts";

const { database, clock, tenants } = await createTenantsFixture();
const { pbxs, extensions } = tenants;
const tenantId = toTenantId(1);
const doer = { tenantId, actor: "user:1", address: "192.0.2.1" };
const given = { host: "pbx.example.test", port: 5038, username: "enlace", secret: "first" };
const fields = {
  ...given,
  tls: false,
  tlsCa: null,
  trunks: ["trunk"],
  dial: DEFAULT_DIAL,
  recordings: null,
  enabled: true,
};

const codeOf = (work: Promise<unknown>) =>
  work.then(
    () => "done",
    (error) => (error instanceof AppError ? error.code : error),
  );
const lastDeed = async () =>
  (await database.pool.query("select actor, action, target, detail from audit_log order by id desc limit 1")).rows[0];

test("the environment's PBX is made once, follows the environment, and keeps what people set", async () => {
  assert.equal(await pbxs.applyEnvironmentPbx(tenantId, given), "created");
  assert.equal(await pbxs.applyEnvironmentPbx(tenantId, given), "unchanged");
  const [made] = await pbxs.list(tenantId, { afterId: "0", rowsMax: 9 });
  assert.deepEqual([made?.name, made?.callIdPrefix, made?.timeZone], ["PBX", "", "Europe/Madrid"]);
  await pbxs.update(doer, made?.id ?? "", { name: "Office", trunks: ["carrier"] });
  const now = { ...given, secret: "second", timeZone: "America/Lima" };
  assert.equal(await pbxs.applyEnvironmentPbx(tenantId, now), "updated");
  assert.deepEqual((await lastDeed()).detail, { changed: ["timeZone", "secret"] });
  const opened = await pbxs.open(tenantId, made?.id ?? "");
  assert.deepEqual(
    [opened.name, opened.trunks, opened.secret, opened.timeZone],
    ["Office", ["carrier"], "second", "America/Lima"],
  );
});

test("a secret is stored sealed, and a PBX whose secret does not open is left out and can be told apart", async () => {
  const { rows } = await database.pool.query("select sealed_secret from pbxs");
  assert.ok(rows.every(({ sealed_secret }) => !sealed_secret.includes("second")));
  const box = createSecretBox({ secret: "another secret of at least thirty-two characters", random: systemRandom });
  const log = createLog({ level: "silent", format: "json" });
  const elsewhere = createPbxs({ database, clock, log, box });
  assert.deepEqual(await elsewhere.listEnabled(), []);
  const [{ id } = { id: "" }] = await pbxs.list(tenantId, { afterId: "0", rowsMax: 1 });
  assert.equal(await codeOf(elsewhere.open(tenantId, id)), "conflict");
});

test("two PBXs of a tenant share neither a name nor the prefix of their calls", async () => {
  const branch = await pbxs.create(doer, { ...fields, name: "Branch 2" });
  assert.equal(branch.callIdPrefix, "Branch-2:");
  assert.equal(await codeOf(pbxs.create(doer, { ...fields, name: "Branch 2" })), "conflict");
  assert.equal(
    await codeOf(pbxs.create(doer, { ...fields, name: "Third", callIdPrefix: "Branch-2:" })),
    "invalid_field",
  );
  assert.equal(await codeOf(pbxs.update(doer, branch.id, { callIdPrefix: "" })), "invalid_field");
  assert.equal((await pbxs.update(doer, branch.id, { name: "Branch 2" })).name, "Branch 2");
});

test("those that run are the enabled ones of tenants that may act, with the tenant's phones", async () => {
  await extensions.set(doer, { number: "101", peers: ["101", "webrtc-101"], name: "Ana", userId: null });
  const running = await pbxs.listEnabled();
  assert.deepEqual(
    running.map(({ name, country, extensions: phones }) => [name, country, [...phones].sort()]),
    ["Office", "Branch 2"].map((name) => [
      name,
      "ES",
      [
        ["101", "101"],
        ["webrtc-101", "101"],
      ],
    ]),
  );
  await pbxs.update(doer, running[1]?.id ?? "", { enabled: false });
  assert.equal((await pbxs.listEnabled()).length, 1);
  await database.pool.query("update tenants set disabled_at = now() where id = $1", [tenantId]);
  assert.deepEqual(await pbxs.listEnabled(), []);
  await database.pool.query("update tenants set disabled_at = null");
});

test("a PBX that is not there, or is another tenant's, is not found", async () => {
  const [{ id } = { id: "" }] = await pbxs.list(tenantId, { afterId: "0", rowsMax: 1 });
  const strangers = { ...doer, tenantId: toTenantId(2) };
  assert.equal(await codeOf(pbxs.open(strangers.tenantId, id)), "not_found");
  assert.equal(await codeOf(pbxs.update(strangers, id, { enabled: false })), "not_found");
  assert.equal(await codeOf(pbxs.remove(strangers, id)), "not_found");
  await pbxs.remove(doer, id);
  assert.deepEqual(await lastDeed(), {
    actor: "user:1",
    action: "pbx.remove",
    target: `pbx:${id}`,
    detail: { name: "Office" },
  });
  assert.equal(await codeOf(pbxs.show(tenantId, id)), "not_found");
});

test("a name that people took does not keep the environment's PBX from being made", async () => {
  await pbxs.create(doer, { ...fields, name: "PBX" });
  assert.equal(await pbxs.applyEnvironmentPbx(tenantId, given), "created");
  const names = (await pbxs.list(tenantId, { afterId: "0", rowsMax: 9 })).map(({ name }) => name);
  assert.ok(names.includes("PBX pbx.example.test"), names.join());
});
