import assert from "node:assert/strict";
import { test } from "node:test";
import { createTenantsFixture } from "../../../test/tenants-fixture.ts";
import { AppError } from "../../core/errors.ts";
import { toTenantId } from "../../core/ids.ts";
import { systemRandom } from "../../kit/random.ts";
import { createSecretBox } from "../../kit/secret-box.ts";
import { createPbxCdr, openCdr } from "./cdr.ts";

const { database, clock, tenants } = await createTenantsFixture();
const box = createSecretBox({ secret: "a secret of at least thirty-two characters, for cdr", random: systemRandom });
const cdr = createPbxCdr({ database, clock, box });
const tenantId = toTenantId(1);
const doer = { tenantId, actor: "user:1", address: "192.0.2.1" };
const ami = { host: "pbx.example.test", port: 5038, username: "enlace", secret: "first" };
await tenants.pbxs.applyEnvironmentPbx(tenantId, ami);
const [pbx] = await tenants.pbxs.list(tenantId, { afterId: "0", rowsMax: 1 });
const id = pbx?.id ?? "";
const mysql = {
  kind: "mysql",
  host: "db.example.test",
  port: 3306,
  database: "asteriskcdrdb",
  user: "reader",
} as const;

const codeOf = (work: Promise<unknown>) =>
  work.then(
    () => "done",
    (error) => (error instanceof AppError ? error.code : error),
  );

test("a PBX tells its call records over AMI until somebody says otherwise", async () => {
  assert.deepEqual(await cdr.show(tenantId, id), { kind: "ami" });
});

test("the password of the records is sealed, opened for the telephony room, and kept when it is not given again", async () => {
  const stored = await cdr.set(doer, id, { ...mysql, password: "read-only" });
  assert.ok(!JSON.stringify(stored).includes("read-only"));
  assert.deepEqual(openCdr(box, tenantId, await cdr.show(tenantId, id)), { ...mysql, password: "read-only" });
  await cdr.set(doer, id, { ...mysql, database: "other" });
  const kept = openCdr(box, tenantId, await cdr.show(tenantId, id));
  assert.deepEqual(kept, { ...mysql, database: "other", password: "read-only" });
  const { rows } = await database.pool.query("select detail from audit_log where action = 'pbx.cdr' order by id");
  assert.deepEqual(rows[0].detail, { kind: "mysql", host: "db.example.test" });
});

test("a stored password is never sent to another server or account", async () => {
  assert.equal(await codeOf(cdr.set(doer, id, { ...mysql, host: "evil.example.test" })), "invalid_field");
  assert.equal(await codeOf(cdr.set(doer, id, { ...mysql, user: "root" })), "invalid_field");
});

test("a password sealed with another ENLACE_SECRET leaves the PBX with one that no server takes", async () => {
  const other = createSecretBox({ secret: "another secret of at least thirty-two characters", random: systemRandom });
  const opened = openCdr(other, tenantId, await cdr.show(tenantId, id));
  assert.equal(opened.kind === "mysql" && opened.password, "");
});

test("a PBX of another tenant is not there", async () => {
  assert.equal(await codeOf(cdr.show(toTenantId(2), id)), "not_found");
  assert.equal(await codeOf(cdr.set({ ...doer, tenantId: toTenantId(2) }, id, { kind: "none" })), "not_found");
});
