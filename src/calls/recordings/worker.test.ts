import assert from "node:assert/strict";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { after, test } from "node:test";
import { createTestDatabase, silentLog } from "../../../test/database.ts";
import { eventually } from "../../../test/eventually.ts";
import { createManualClock } from "../../../test/manual-clock.ts";
import type { CallFact } from "../../core/call-fact.ts";
import { AppError } from "../../core/errors.ts";
import { toTenantId } from "../../core/ids.ts";
import type { RecordingPbx } from "../../core/pbx-record.ts";
import { createRecordingCopies } from "./copies.ts";
import type { SeenRecording } from "./find-recording.ts";
import { dropOldRecordings } from "./retention.ts";
import { DEFAULT_SETTINGS } from "./settings.ts";
import { saveAwaited } from "./store.ts";
import { lookAtDue, type RecordingWorkerOptions } from "./worker.ts";

const tenantId = toTenantId(1);
const clock = createManualClock();
const database = await createTestDatabase(clock.now());
const { pool } = database;
await pool.query(
  `insert into tenants (number, name, time_zone, country, language, is_default, created_at, updated_at)
   values ('1', 'Enlace', 'Europe/Madrid', 'ES', 'es', true, $1, $1)`,
  [clock.now()],
);
const folder = await mkdtemp(join(tmpdir(), "enlace-copies-"));
after(() => rm(folder, { recursive: true }));
const { signal } = new AbortController();
const pbx = { tenantId, id: "1", name: "PBX" } as RecordingPbx;

/** What the PBX shows at each look; the last again and again. An error is thrown. */
type Shown = (SeenRecording | null | Error)[];

function createWork(shown: Shown, more: Partial<RecordingWorkerOptions> = {}) {
  const told: CallFact[] = [];
  const work: RecordingWorkerOptions = {
    ...{ database, clock, log: silentLog, pbxs: { findById: () => pbx } },
    find: async () => {
      const next = shown.length > 1 ? shown.shift() : shown[0];
      if (next instanceof Error) throw next;
      return next ?? null;
    },
    copies: { save: async () => "copied" },
    count: () => undefined,
    loadSettings: async () => DEFAULT_SETTINGS,
    accept: async ({ fact }) => void told.push(fact),
    toAddress: (id) => `https://enlace.example.test/api/v1/calls/${id}/recording`,
    ...more,
  };
  return { work, told };
}

let calls = 0;
/** A call that ended now and whose recording is looked for. */
async function expectRecording(): Promise<string> {
  const at = clock.now();
  const { rows } = await pool.query(
    `insert into calls (tenant_id, call_uuid, started_at, ended_at, sources, created_at, updated_at)
     values (1, $1, $2, $2, '{ami}', $2, $2) returning id`,
    [`u${++calls}`, at],
  );
  const client = await pool.connect();
  await saveAwaited(client, [{ tenantId, callId: rows[0].id, pbxId: "1", endedAt: at }], { now: at, delayMs: 5_000 });
  client.release();
  return rows[0].id;
}
const rowOf = async (id: string) => (await pool.query("select * from recordings where call_id = $1", [id])).rows[0];
const seen = (sizeBytes: number, place = "a.wav"): SeenRecording => ({ kind: "folder", place, sizeBytes });
async function rounds(work: RecordingWorkerOptions, count: number, everyMs = 5_000): Promise<void> {
  for (let round = 0; round < count; round++) {
    await clock.advance(everyMs);
    await lookAtDue(work, signal);
  }
}

test("a file is told of when it was as large at two looks, once, as a fact that changes nothing else", async () => {
  const id = await expectRecording();
  const { work, told } = createWork([seen(100), seen(200), seen(300), seen(300)]);
  await rounds(work, 3);
  assert.deepEqual(told, []);
  await rounds(work, 5);
  const [fact] = told.slice();
  assert.ok(fact);
  const { key, source, recordingUrl, status, endedAt } = fact;
  assert.deepEqual([told.length, key, source, status, endedAt], [1, "recording:found", "ami", undefined, undefined]);
  assert.match(recordingUrl ?? "", new RegExp(`/calls/${id}/recording$`));
  const { state, place, told_at } = await rowOf(id);
  assert.deepEqual([state, place, told_at !== null], ["ready", "a.wav", true]);
});

test("another file of the same size is not the same file", async () => {
  await expectRecording();
  const { work, told } = createWork([seen(100, "a.wav"), seen(100, "b.wav"), seen(100, "b.wav")]);
  await rounds(work, 2);
  assert.equal(told.length, 0);
  await rounds(work, 1);
  assert.equal(told.length, 1);
});

test("what never appears is missing after an hour, looked for less and less often", async () => {
  const id = await expectRecording();
  const { work, told } = createWork([null]);
  await rounds(work, 60, 65_000);
  const { state, looks } = await rowOf(id);
  assert.deepEqual([state, told.length], ["missing", 0]);
  assert.ok(looks < 25, `${looks} looks`);
});

test("a PBX that is away, and a front door that is, are tried again; the call is told in the end", async () => {
  const id = await expectRecording();
  const away = new AppError("unavailable", "the PBX is away");
  let refusals = 2;
  const { work, told } = createWork([away, away, seen(100)]);
  const accept: RecordingWorkerOptions["accept"] = async (item) => {
    if (refusals-- > 0) throw new AppError("unavailable", "the store is away");
    return work.accept(item);
  };
  await rounds({ ...work, accept }, 20, 60_000);
  assert.equal(told.length, 1);
  assert.equal((await rowOf(id)).state, "ready");
});

test("two processes never look at the same recording at once", async () => {
  await expectRecording();
  let looking = 0;
  const { work } = createWork([null], {
    find: async () => {
      looking++;
      return null;
    },
  });
  await clock.advance(5_000);
  await Promise.all([lookAtDue(work, signal), lookAtDue(work, signal)]);
  assert.equal(looking, 1);
  await pool.query("delete from recordings where state = 'waiting'");
});

const copies = createRecordingCopies({
  folder,
  openOriginal: async ({ place }) => {
    if (place === "gone.wav") return null;
    const broken = place === "broken.wav" && new Error("cut");
    const parts = async function* () {
      yield Buffer.from("RIFF");
      if (broken) throw broken;
    };
    return { status: 200, headers: {}, body: Readable.from(parts()) };
  },
});
const withCopies: Partial<RecordingWorkerOptions> = {
  copies,
  loadSettings: async () => ({ ...DEFAULT_SETTINGS, keepCopies: true }),
};
const listCopies = async () => (await readdir(folder, { recursive: true })).filter((name) => /\.\w+$/.test(name));

test("a copy that cannot be made now is made later, and half a copy is never left behind", async () => {
  const id = await expectRecording();
  const { work, told } = createWork([seen(4, "broken.wav"), seen(4, "broken.wav"), seen(4, "good.mp3")], withCopies);
  await rounds(work, 2);
  assert.deepEqual([told.length, await listCopies()], [0, []]);
  await rounds(work, 3, 300_000);
  const { kind, place } = await rowOf(id);
  assert.deepEqual([told.length, kind, place], [1, "copy", `1/2026/03/${id}.mp3`]);
  assert.equal(await readFile(join(folder, place), "utf8"), "RIFF");
});

test("while a recording is copied, however long it takes, nobody begins another copy of it", async () => {
  await expectRecording();
  const copied = Promise.withResolvers<string>();
  let begun = 0;
  const slow = {
    save: () => {
      begun++;
      return copied.promise;
    },
  };
  const { work, told } = createWork([seen(4)], { ...withCopies, copies: slow });
  await rounds(work, 1);
  await clock.advance(5_000);
  const copying = lookAtDue(work, signal);
  await eventually(() => assert.equal(begun, 1));
  await clock.advance(600_000);
  await lookAtDue(work, signal);
  assert.equal(begun, 1);
  copied.resolve("1/2026/03/slow.wav");
  await copying;
  assert.equal(told.length, 1);
});

test("a copy that cannot be made at all does not keep the call from being told", async () => {
  const id = await expectRecording();
  const { work, told } = createWork([seen(4, "gone.wav")], withCopies);
  await rounds(work, 20, 300_000);
  assert.deepEqual([told.length, (await rowOf(id)).kind], [1, "folder"]);
});

test("past the tenant's time a copy is deleted, and with its call every trace of a recording", async () => {
  const [old, orphan] = [await expectRecording(), await expectRecording()];
  await rounds(createWork([seen(4, "good.wav")], withCopies).work, 2);
  const placeOf = async (id: string) => (await rowOf(id))?.place;
  const [oldPlace, orphanPlace] = [await placeOf(old), await placeOf(orphan)];
  assert.ok((await listCopies()).includes(oldPlace) && (await listCopies()).includes(orphanPlace));
  const retention = { database, copies, clock, log: silentLog };
  await dropOldRecordings(retention, signal);
  assert.ok((await listCopies()).includes(oldPlace), "not before its time");
  await pool.query(
    `insert into recording_settings (tenant_id, crm_link, keep_copies, retention_days, updated_at)
     values (1, 'told', true, 10, $1)`,
    [clock.now()],
  );
  await pool.query("update recordings set call_ended_at = call_ended_at - interval '11 days' where call_id = $1", [
    old,
  ]);
  await pool.query("delete from calls where id = $1", [orphan]);
  assert.equal(await dropOldRecordings(retention, signal), 2);
  assert.deepEqual([(await rowOf(old)).state, await rowOf(orphan)], ["expired", undefined]);
  const left = await listCopies();
  assert.ok(!left.includes(oldPlace) && !left.includes(orphanPlace));
});
