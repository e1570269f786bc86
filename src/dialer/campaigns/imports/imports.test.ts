import assert from "node:assert/strict";
import { mkdtemp, readdir, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { after, test } from "node:test";
import { sql } from "kysely";
import { createTestDatabase, silentLog } from "../../../../test/database.ts";
import { eventually } from "../../../../test/eventually.ts";
import { systemClock } from "../../../kit/clock.ts";
import { systemRandom } from "../../../kit/random.ts";
import type { Administer } from "../../administer.ts";
import { addCampaign, addProject, addTenant } from "../fake-campaign.ts";
import { createUpkeep } from "../upkeep.ts";
import { toWorkbook } from "./fake-workbook.ts";
import { loadImport } from "./import-store.ts";
import { createImports } from "./imports.ts";

const at = new Date("2026-11-23T10:00:00Z");
const database = await createTestDatabase(at);
const folder = await mkdtemp(join(tmpdir(), "enlace-imports-"));
after(() => rm(folder, { recursive: true, force: true }));
const tenantId = await addTenant(database, "one", at);
const projectId = await addProject(database, tenantId, { at });
const doer = { tenantId, actor: "user:1", address: "192.0.2.1" };
const administer: Administer = (_doer, work) =>
  database.sql.transaction().execute(async (on) => (await work(on, systemClock.now())).value);
const open = () =>
  createImports({
    ...{ database, clock: systemClock, random: systemRandom, log: silentLog, administer, folder },
    loadTenant: async () => ({ country: "ES" }),
  });
const newDraft = async (): Promise<string> => {
  const id = await addCampaign(database, { tenantId, projectId, contacts: 0, at });
  await sql`update campaigns set state = 'draft' where id = ${id}`.execute(database.sql);
  return id;
};
const listOf = (rows: number): string =>
  Array.from({ length: rows }, (_, n) => `${600_000_000 + n};Name ${n}`).join("\n");
const toList = (campaignId: string, text: string) => ({
  ...{
    campaignId,
    fileName: "list.csv",
    mapping: { header: "auto" as const },
    source: Readable.from([Buffer.from(text)]),
  },
});

test("an import that is stopped says so, keeps what it read, and the same file again adds only what is missing", async () => {
  const id = await newDraft();
  const first = open();
  const { begun, done } = await first.start(doer, toList(id, listOf(40_000)));
  await eventually(async () => {
    const seen = await loadImport(database.sql, tenantId, begun.id);
    assert.ok((seen?.linesRead ?? 0) > 0);
  });
  await first.stop();
  const stopped = await done;
  assert.equal(stopped.state, "failed");
  assert.match(stopped.problem ?? "", /Enlace was stopped/);
  assert.ok(stopped.inserted > 0 && stopped.inserted < 40_000 && stopped.inserted === stopped.linesRead);
  assert.deepEqual(await readdir(folder), []);
  const again = await (await open().start(doer, toList(id, listOf(40_000)))).done;
  assert.deepEqual(
    [again.state, again.inserted, again.duplicates],
    ["finished", 40_000 - stopped.inserted, stopped.inserted],
  );
});

test("four lists are read at once, and one more is told to come back", async () => {
  const imports = open();
  const gates = Array.from({ length: 4 }, () => Promise.withResolvers<void>());
  const sources = gates.map(({ promise }) =>
    Readable.from(
      (async function* () {
        yield Buffer.from("600000001\n");
        await promise;
      })(),
    ),
  );
  const ids = await Promise.all(gates.map(newDraft));
  const begun = ids.map((campaignId, n) =>
    imports.start(doer, { ...toList(campaignId, ""), source: sources[n] as Readable }),
  );
  await eventually(async () => assert.equal((await readdir(folder)).length, 4));
  await assert.rejects(imports.start(doer, toList(await newDraft(), "600000001")), {
    code: "unavailable",
    retryAfterSeconds: 30,
  });
  for (const { resolve } of gates) resolve();
  for (const one of begun) assert.equal((await (await one).done).state, "finished");
  assert.deepEqual(await readdir(folder), []);
});

test("a list whose sender goes away in the middle is no import", async () => {
  const id = await newDraft();
  const source = Readable.from(
    (async function* () {
      yield Buffer.from("600000001\n");
      throw new Error("the connection broke");
    })(),
  );
  await assert.rejects(open().start(doer, { ...toList(id, ""), source }), /the connection broke/);
  assert.deepEqual(await readdir(folder), []);
  const { rows } = await sql`select from campaign_imports where campaign_id = ${id}`.execute(database.sql);
  assert.equal(rows.length, 0);
});

test("a list is shown as it would be read, text or workbook, and nothing of it is kept", async () => {
  const id = await newDraft();
  const imports = open();
  const latin = Buffer.from("tel\u00e9fono;se\u00f1or;\n600 000 001;Pe\u00f1a;x\n", "latin1");
  const text = await imports.preview(doer, { ...toList(id, ""), source: Readable.from([latin]) });
  assert.deepEqual(text, {
    ...{ kind: "csv", hasHeader: true, numberAt: 0 },
    columns: [
      { title: "teléfono", name: "teléfono" },
      { title: "señor", name: "señor" },
      { title: "", name: "column_3" },
    ],
    rows: [["600 000 001", "Peña", "x"]],
  });
  const cells = (...values: string[]) =>
    values.map((value) => `<c t="inlineStr"><is><t>${value}</t></is></c>`).join("");
  const sheet = Array.from({ length: 9 }, (_, row) => `<row>${cells(`Name ${row}`, `60000000${row}`)}</row>`).join("");
  const workbook = { ...toList(id, ""), source: Readable.from([toWorkbook(sheet)]) };
  const shown = await imports.preview(doer, workbook);
  assert.deepEqual([shown.kind, shown.hasHeader, shown.numberAt, shown.rows.length], ["xlsx", false, 1, 5]);
  await assert.rejects(imports.preview(doer, toList(id, "\n\n")), { code: "invalid_request" });
  assert.deepEqual(await readdir(folder), []);
});

test("files that a crash left behind are removed after a day, and those at work stay", async () => {
  const now = new Date();
  await writeFile(join(folder, "list-old"), "x");
  await utimes(join(folder, "list-old"), now, new Date(now.getTime() - 2 * 86_400_000));
  await writeFile(join(folder, "list-new"), "x");
  const upkeep = createUpkeep({
    database,
    clock: systemClock,
    log: silentLog,
    folder,
    finishDone: async () => undefined,
  });
  upkeep.start();
  await eventually(async () => assert.deepEqual(await readdir(folder), ["list-new"]));
  await upkeep.stop();
});
