// Four processes start at once on an empty database: one schema, one administrator, one connection, and all of them serve.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import pg from "pg";
import { startFakeVtiger } from "../../src/connectors/vtiger/fake-vtiger.ts";
import { logIn, postCall } from "../api-client.ts";
import { createChildEnlace } from "../child-enlace.ts";
import { createEmptyDatabase } from "../empty-database.ts";
import { ADMIN_PASSWORD, WEBHOOK_SECRET } from "../environment.ts";
import { eventually } from "../eventually.ts";
import { DOCUMENTED_CALL } from "../harness.ts";

const databaseUrl = await createEmptyDatabase("four");
const crm = await startFakeVtiger();
after(() => crm.stop());
const create = () => createChildEnlace({ databaseUrl, crmUrl: crm.url });
const servers = await Promise.all([create(), create(), create(), create()]);
const pool = new pg.Pool({ connectionString: databaseUrl, max: 2 });
pool.on("error", () => undefined); // the database goes before the pool does
after(() => pool.end());

test("all four come up, and they found one house between them", async () => {
  await Promise.all(servers.map((server) => server.start()));
  const { rows } = await pool.query(`
    select (select count(*)::int from tenants) as tenants, (select count(*)::int from users) as users,
           (select count(*)::int from connections) as connections, (select count(*)::int from webhook_secrets) as secrets`);
  assert.deepEqual(rows, [{ tenants: 1, users: 1, connections: 1, secrets: 1 }]);
});

test("each lets the first administrator in and knows what the others were told", async () => {
  for (const [index, { url }] of servers.entries()) {
    const { status } = await postCall(
      url,
      { ...DOCUMENTED_CALL, call_uuid: `four-${index}` },
      { secret: WEBHOOK_SECRET },
    );
    assert.equal(status, 202);
  }
  for (const { url } of servers) {
    const { body } = await (await logIn(url, "admin", ADMIN_PASSWORD)).get("/api/v1/calls");
    assert.equal(body.items.length, 4);
  }
});

test("one call told to all four at once is one call here and one record there", async () => {
  const call = { ...DOCUMENTED_CALL, call_uuid: "to-all" };
  const answers = await Promise.all(
    servers.flatMap(({ url }) => [0, 1, 2].map(() => postCall(url, call, { secret: WEBHOOK_SECRET }))),
  );
  assert.deepEqual(answers.filter(({ body }) => body.status === "accepted").length, 1);
  await eventually(async () => {
    const { rows } = await pool.query("select distinct status from voip_call_buffer");
    assert.deepEqual(rows, [{ status: "sent" }]);
  });
  assert.equal(crm.records("PBXManager").length, 5);
});

test("each ends cleanly when it is told to", async () => {
  assert.deepEqual(await Promise.all(servers.map((server) => server.stop())), [0, 0, 0, 0]);
});
