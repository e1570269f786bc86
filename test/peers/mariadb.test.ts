// Call records as FreePBX and Issabel keep them, in a real MariaDB, read by an account that may only read.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { startFakeAmi } from "../../src/telephony/ami/fake-ami.ts";
import { type CdrColumns, parseCdrRow } from "../../src/telephony/reconcile/cdr-row.ts";
import { TooManyRowsError } from "../../src/telephony/reconcile/cdr-source.ts";
import { parseCsvLine } from "../../src/telephony/reconcile/csv-line.ts";
import { toLocalText } from "../../src/telephony/reconcile/local-time.ts";
import { createMysqlSource } from "../../src/telephony/reconcile/mysql-source.ts";
import type { Json } from "../api-client.ts";
import { createTestDatabase } from "../database.ts";
import { eventually } from "../eventually.ts";
import { startTestEnlace } from "../harness.ts";
import { type MariaDb, startMariaDb } from "./mariadb.ts";

const started = await startMariaDb();
const skip = typeof started === "string" && started;
const maria = started as MariaDb;
// Before the first test is named: hooks of the file run when all tests named so far are done.
const database = (skip === false ? await createTestDatabase() : undefined) as Awaited<
  ReturnType<typeof createTestDatabase>
>;
const ZONE = "Europe/Madrid";
const account = { kind: "mysql", host: "127.0.0.1", user: "enlace", password: "read only" } as const;

/** What a real Asterisk 16 wrote down; `calldate` as the clock on the PBX's wall shows it. */
const RECORDS: CdrColumns[] = readFileSync(
  join(import.meta.dirname, "../../src/telephony/reconcile/fixtures/asterisk-16.jsonl"),
  "utf8",
)
  .trim()
  .split("\n")
  .flatMap((line) => JSON.parse(line).rows as string[])
  .map((line) => {
    const columns = parseCsvLine(line) ?? {};
    const startedAt = parseCdrRow(columns, "UTC")?.startedAt ?? assert.fail(line);
    return { ...columns, calldate: toLocalText(startedAt, ZONE) };
  });
const DAY = { since: new Date("2026-11-22T00:00:00Z"), until: new Date("2026-11-23T00:00:00Z") };
const signal = new AbortController().signal;

const FREEPBX = ["linkedid", "sequence", "did", "recordingfile", "cnum"];
const COMMON = "src, dst, dcontext, channel, dstchannel, lastapp, lastdata, disposition, uniqueid".split(", ");

/** As FreePBX's installer makes it; `more` are the columns that came with time. */
async function fill(database: string, more: readonly string[]): Promise<void> {
  const texts = [...COMMON, ...more.filter((name) => name !== "sequence")].map(
    (name) => `\`${name}\` varchar(80) not null default ''`,
  );
  const numbers = ["duration", "billsec", ...more.filter((name) => name === "sequence")].map(
    (name) => `${name} int not null default 0`,
  );
  await maria.query(`create database ${database}; create table ${database}.cdr (calldate datetime not null, ${[...texts, ...numbers].join(", ")}, key (calldate));
    create user if not exists enlace@'%' identified by 'read only'; grant select on ${database}.cdr to enlace@'%'`);
  const names = [
    "calldate",
    ...COMMON,
    "duration",
    "billsec",
    ...more.filter((name) => name === "linkedid" || name === "sequence"),
  ];
  const rows = RECORDS.map((record) => names.map((name) => record[name as keyof CdrColumns] ?? ""));
  await maria.query(`insert into ${database}.cdr (${names.join(", ")}) values ?`, [rows]);
}

if (skip === false) {
  await fill("asteriskcdrdb", FREEPBX);
  await fill("oldcdrdb", []);
}
const open = (database: string, more: object = {}) =>
  createMysqlSource({ ...account, port: maria.port, database, ...more }, ZONE);
const load = (database: string, more: { rowsMax?: number } = {}) =>
  open(database).load(DAY, { rowsMax: 10_000, signal, ...more });

test("every record is read, its local time as the instant it was", { skip }, async () => {
  const rows = await load("asteriskcdrdb");
  assert.equal(rows.length, RECORDS.length);
  const first = rows.find(({ uniqueId }) => uniqueId === RECORDS[0]?.uniqueid);
  assert.deepEqual(
    [first?.startedAt.toISOString(), first?.linkedId, first?.sequence],
    ["2026-11-22T13:12:23.000Z", "1795353143.0", 0],
  );
});

test("a table of an older PBX, without linkedid and sequence, is read as it is", { skip }, async () => {
  const rows = await load("oldcdrdb");
  assert.equal(rows.length, RECORDS.length);
  assert.ok(rows.every(({ linkedId, sequence, did }) => linkedId === null && sequence === null && did === ""));
});

test("a window brings the whole calls of which it holds a record, and nothing of others", { skip }, async () => {
  const [since, until] = ["2026-11-22T13:12:30Z", "2026-11-22T13:12:31Z"].map((text) => new Date(text)) as [Date, Date];
  const rows = await open("asteriskcdrdb").load({ since, until }, { rowsMax: 100, signal });
  assert.deepEqual([...new Set(rows.map(({ linkedId }) => linkedId))], ["1795353149.17"]); // the cascade, begun at :29
  assert.equal(rows.length, 3);
});

test("more than may be held, a wrong password, no such table and an abort are errors that say so", {
  skip,
}, async () => {
  await assert.rejects(load("asteriskcdrdb", { rowsMax: 5 }), TooManyRowsError);
  const options = { rowsMax: 5, signal };
  await assert.rejects(open("asteriskcdrdb", { password: "wrong" }).load(DAY, options), /Access denied/);
  await maria.query("create database emptydb; grant select on emptydb.* to enlace@'%'");
  await assert.rejects(open("emptydb").load(DAY, options), /the table cdr of emptydb cannot be read/);
  const gone = AbortSignal.abort(new Error("stopped"));
  await assert.rejects(open("asteriskcdrdb").load(DAY, { rowsMax: 5_000, signal: gone }), /stopped/);
});

test("asked for, every call of the records is in the log once, with its record in the CRM; asked again nothing is missing", {
  skip,
  timeout: 120_000,
}, async () => {
  const ami = await startFakeAmi();
  const env = {
    AMI_HOST: "127.0.0.1",
    AMI_PORT: String(ami.port),
    AMI_USERNAME: "enlace",
    AMI_SECRET: "test-secret",
    PBX_TIMEZONE: ZONE,
  };
  const enlace = await startTestEnlace({ database, env });
  after(() => ami.stop());
  const { api } = enlace;
  const [{ id }] = (await api.get("/api/v1/pbxs")).body.items;
  await api.patch(`/api/v1/pbxs/${id}`, { trunks: ["trunk"] });
  const { kind, ...rest } = account;
  const put = await api.put(`/api/v1/pbxs/${id}/cdr`, { kind, ...rest, port: maria.port });
  assert.deepEqual([put.status, put.body.password], [200, "••••"]);
  const ask = async (): Promise<Json> => {
    const { body: asked } = await api.post(`/api/v1/pbxs/${id}/reconcile`, { since: DAY.since, until: DAY.until });
    return eventually(
      async () => {
        const { body } = await api.get(`/api/v1/pbxs/${id}/gaps/${asked.id}`);
        assert.equal(body.state, "checked", JSON.stringify(body));
        return body;
      },
      { timeoutMs: 40_000 },
    );
  };
  const first = await ask();
  const calls = new Set(RECORDS.map(({ linkedid }) => linkedid));
  assert.deepEqual([first.calls, first.missing, first.added], [calls.size, calls.size, calls.size]);
  const { items } = (await api.get("/api/v1/calls?limit=200")).body;
  assert.deepEqual(new Set(items.map((item: Json) => item.call_uuid)), calls);
  const again = await ask();
  assert.deepEqual([again.calls, again.missing], [calls.size, 0]);
});
