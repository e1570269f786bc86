import assert from "node:assert/strict";
import { once } from "node:events";
import { readdirSync } from "node:fs";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, type TestContext, test } from "node:test";
import { createTestDatabase } from "../../../test/database.ts";
import { findFreePort } from "../../../test/free-port.ts";
import { createFakeContext } from "../fake-terminal.ts";
import { toSkewFinding } from "./database.ts";
import { createDoctor, type DoctorTools, examineAll } from "./doctor.ts";
import type { Finding } from "./finding.ts";
import { examineNode, toSpaceFinding } from "./host.ts";

const AT = new Date();
const folder = await mkdtemp(join(tmpdir(), "enlace-doctor-"));
after(() => rm(folder, { recursive: true }));
const database = await createTestDatabase(AT);
const port = await findFreePort();

const tools: DoctorTools = {
  openServerDatabase: async () => ({ database, secrets: ["s"], close: async () => undefined }),
  readServerSettings: () => ({
    host: "127.0.0.1",
    port,
    dataFolder: folder,
    databaseUrl: database.url,
    secret: undefined,
    webhookSecret: undefined,
  }),
  migrationsFolder: join(import.meta.dirname, "..", "..", "..", "migrations"),
  nodeVersion: "24.21.0",
};

const levelsOf = (findings: readonly Finding[]): Record<string, string> =>
  Object.fromEntries(findings.map(({ subject, level }) => [subject, level]));

async function listen(t: TestContext, answers: Record<string, unknown>): Promise<string> {
  const server = createServer((request, response) => {
    const body = answers[`${request.method} ${request.url?.split("?")[0]}`];
    response.writeHead(body === undefined ? 404 : 200, { "content-type": "application/json" });
    response.end(JSON.stringify(body ?? { detail: "nothing here" }));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test("a healthy installation that is not running has no error, and the exit is quiet", async () => {
  const context = createFakeContext();
  const findings = await examineAll(context, tools);
  assert.deepEqual(
    findings.filter(({ level }) => level === "error"),
    [],
  );
  assert.equal(levelsOf(findings).port, "ok");
  assert.equal(levelsOf(findings).schema, "ok");
  await createDoctor(context, tools).parseAsync(["--json"], { from: "user" });
  assert.equal(JSON.parse(context.terminal.printed()).ok, true);
});

test("every problem of the environment is a finding", async () => {
  const wrong = Object.assign(new Error("two problems"), {
    problems: ["ENLACE_PORT is wrong", "DATABASE_URL is wrong"],
  });
  const readServerSettings = (): never => {
    throw wrong;
  };
  const context = createFakeContext();
  const running = createDoctor(context, { ...tools, readServerSettings }).parseAsync([], { from: "user" });
  await assert.rejects(running, { exitCode: 1, message: "2 things need mending" });
  assert.match(context.terminal.printed(), /ERROR {4}configuration: ENLACE_PORT is wrong\n.*docs\/configuration\.md/);
});

test("a secret that others can read is an error with the command that mends it", async () => {
  const path = join(folder, "secret");
  await writeFile(path, "x");
  await chmod(path, 0o644);
  const found = (await examineAll(createFakeContext(), tools)).find(({ subject }) => subject === "secret");
  assert.deepEqual(found, {
    level: "error",
    subject: "secret",
    message: `others can read ${path}`,
    mend: `chmod 600 ${path}`,
  });
  await chmod(path, 0o600);
  assert.equal(levelsOf(await examineAll(createFakeContext(), tools)).secret, "ok");
});

test("a port that another program holds is an error", async (t) => {
  const other = createServer().listen(port, "127.0.0.1");
  await once(other, "listening");
  t.after(() => void other.close());
  assert.equal(levelsOf(await examineAll(createFakeContext(), tools)).port, "error");
});

test("a database that cannot be opened is an error, and the rest is still examined", async () => {
  const openServerDatabase = async (): Promise<never> => {
    throw new Error("connect ECONNREFUSED");
  };
  const findings = await examineAll(createFakeContext(), { ...tools, openServerDatabase });
  const found = findings.find(({ subject }) => subject === "database");
  assert.match(found?.message ?? "", /cannot be used: connect ECONNREFUSED/);
  assert.equal(levelsOf(findings).data_folder, "ok");
});

test("held lanes, dead letters, a missing webhook secret and missing administrators are found in the database", async () => {
  const { pool } = database;
  await pool.query(
    `insert into tenants (number, name, time_zone, country, language, is_default, created_at, updated_at)
     values ('1', 'Enlace', 'Europe/Madrid', 'ES', 'es', true, $1, $1)`,
    [AT],
  );
  await pool.query(
    "insert into connections (tenant_id, connector, name, settings, created_at, updated_at) values (1, 'vtiger', 'CRM', '{}', $1, $1)",
    [AT],
  );
  await pool.query(
    `insert into lanes (tenant_id, connection_id, concurrency, attempts_max, held_at, hold_reason, tokens_at)
     values (1, 1, 1, 5, $1, 'the access key is wrong', $1)`,
    [AT],
  );
  await pool.query(
    `insert into deliveries (tenant_id, connection_id, subject_kind, subject_id, subject_created_at, kind, state, revision, due_at, created_at, updated_at)
     values (1, 1, 'call', 1, $1, 'record', 'dead', 1, $1, $1, $1)`,
    [AT],
  );
  const findings = await examineAll(createFakeContext(), tools);
  const { "lane:1/CRM": lane, dead_letters, webhook_secret, administrator } = levelsOf(findings);
  assert.deepEqual([lane, dead_letters, webhook_secret, administrator], ["error", "warning", "warning", "error"]);
});

test("a schema that is behind or ahead is told apart", async () => {
  const empty = await mkdtemp(join(tmpdir(), "enlace-migrations-"));
  after(() => rm(empty, { recursive: true }));
  const ahead = await examineAll(createFakeContext(), { ...tools, migrationsFolder: empty });
  assert.equal(levelsOf(ahead).schema, "error");
  for (const file of [...readdirSync(tools.migrationsFolder), "9999_later.sql"]) await writeFile(join(empty, file), "");
  const behind = (await examineAll(createFakeContext(), { ...tools, migrationsFolder: empty })).find(
    ({ subject }) => subject === "schema",
  );
  assert.match(behind?.message ?? "", /9999_later missing/);
});

test("a running Enlace is asked for its readiness and for a check of every connection and PBX", async (t) => {
  const url = await listen(t, {
    "GET /health": { status: "ok", version: "9.9.9" },
    "GET /ready": {
      status: "not_ready",
      checks: { database: { ok: true, detail: "2 ms" }, lanes: { ok: false, detail: "old" } },
    },
    "GET /api/v1/connections": {
      items: [
        { id: "1", name: "CRM", enabled: true },
        { id: "2", name: "Old", enabled: false },
      ],
      next_cursor: null,
    },
    "POST /api/v1/connections/1/check": {
      ok: false,
      findings: [{ level: "error", subject: "login", message: "wrong key", mend: "Copy it from My Preferences." }],
    },
    "GET /api/v1/pbxs": { items: [{ id: "7", name: "Office", enabled: true }], next_cursor: null },
    "POST /api/v1/pbxs/7/check": {
      ok: true,
      findings: [{ level: "warning", subject: "right:Redirect", message: "may not Redirect", mend: "write = call" }],
    },
  });
  const levels = levelsOf(await examineAll(createFakeContext({ url }), tools));
  assert.equal(levels.server, "ok");
  assert.equal(levels["ready:lanes"], "error");
  assert.equal(levels["connection:CRM:login"], "error");
  assert.equal(levels["connection:Old"], "warning");
  assert.equal(levels["pbx:Office:right:Redirect"], "warning");
  assert.equal(levels.port, undefined);
});

test("limits: an old Node, a full disk and a clock that is off", () => {
  assert.equal(examineNode("22.4.0").level, "error");
  assert.deepEqual(
    [1e8, 1e9, 1e12].map((bytes) => toSpaceFinding(bytes).level),
    ["error", "warning", "ok"],
  );
  assert.deepEqual(
    [0.5, -5, 90].map((seconds) => toSkewFinding(seconds).level),
    ["ok", "warning", "error"],
  );
});
