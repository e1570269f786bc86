import assert from "node:assert/strict";
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import fc from "fast-check";
import { AppError } from "../core/errors.ts";
import { systemRandom } from "../kit/random.ts";
import { type CallFile, createSpool, toCallFileText } from "./spool.ts";

const CALL: CallFile = { channel: "PJSIP/34600000001@trunk", context: "crm-dialer", extension: "s" };

async function createFolders() {
  const root = await mkdtemp(join(tmpdir(), "enlace-spool-"));
  after(() => rm(root, { recursive: true, force: true }));
  const [outgoing, staging] = [join(root, "outgoing"), join(root, "tmp")];
  await mkdir(outgoing);
  await mkdir(staging);
  return { root, outgoing, staging, random: systemRandom };
}

test("a call is handed over as one whole file that Asterisk may read, touch and delete", async () => {
  const folders = await createFolders();
  const spool = createSpool(folders);
  await spool.check();
  const name = await spool.put({ ...CALL, callerId: '"Ann" <34600000002>', variables: { REF: "a;b" }, archive: true });
  assert.deepEqual(await readdir(folders.outgoing), [name]);
  assert.deepEqual(await readdir(folders.staging), []);
  assert.equal((await stat(join(folders.outgoing, name))).mode & 0o777, 0o666);
  const lines = (await readFile(join(folders.outgoing, name), "utf8")).split("\n");
  assert.deepEqual(lines, [
    "Channel: PJSIP/34600000001@trunk",
    "Context: crm-dialer",
    "Extension: s",
    "Priority: 1",
    "MaxRetries: 0",
    "RetryTime: 300",
    "WaitTime: 45",
    'CallerID: "Ann" <34600000002>',
    "Archive: yes",
    "Setvar: REF=a\\;b",
    "",
  ]);
});

test("a call for later has its time as the time of the file", async () => {
  const folders = await createFolders();
  const startAt = new Date("2031-01-02T03:04:05Z");
  const name = await createSpool(folders).put({ ...CALL, startAt });
  assert.deepEqual((await stat(join(folders.outgoing, name))).mtime, startAt);
});

test("an owner gets the file for itself", async () => {
  const folders = await createFolders();
  const owner = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
  const name = await createSpool({ ...folders, owner }).put(CALL);
  const file = await stat(join(folders.outgoing, name));
  assert.deepEqual([file.uid, file.gid, file.mode & 0o777], [owner.uid, owner.gid, 0o640]);
});

test("a file that cannot be handed over is not left behind", async () => {
  const folders = await createFolders();
  await assert.rejects(createSpool({ ...folders, outgoing: join(folders.root, "nowhere") }).put(CALL), /ENOENT/);
  assert.deepEqual(await readdir(folders.staging), []);
});

test("folders that cannot work are named at the start", async () => {
  const folders = await createFolders();
  await assert.rejects(createSpool({ ...folders, staging: "/proc/self" }).check(), /not on the same file system/);
  await writeFile(join(folders.root, "file"), "");
  await assert.rejects(createSpool({ ...folders, staging: join(folders.root, "file") }).check(), /must be folders/);
});

test("no value can become a line or a comment of its own", () => {
  const hostile = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.string(),
    fc.constantFrom("x\nApplication: System", "x\r", "a #b", "#", "a;b", "a\\;b"),
  );
  const seen = { refused: 0, written: 0 };
  fc.assert(
    fc.property(hostile, hostile, (value, callerId) => {
      try {
        const lines = toCallFileText({ ...CALL, callerId, variables: { REF: value } }).split("\n");
        assert.equal(lines.length, 10);
        assert.equal(asAsteriskReads(lines[8] ?? ""), `Setvar: REF=${value}`);
        seen.written++;
      } catch (error) {
        if (!(error instanceof AppError)) throw error;
        seen.refused++;
      }
    }),
  );
  assert.ok(seen.refused > 0 && seen.written > 0);
});

/** pbx_spool.c: `#` cuts at the beginning and after a blank, `;` cuts unless escaped. */
function asAsteriskReads(line: string): string {
  const uncommented = /^#|[ \t]#/.test(line) ? line.slice(0, line.search(/^#|[ \t]#/)) : line;
  return uncommented.replace(/(?<!\\);.*$/s, "").replaceAll("\\;", ";");
}

test("channels, places and numbers are what they claim to be", () => {
  const bad: Partial<CallFile>[] = [
    { channel: "101" },
    { channel: "PJSIP/1,30" },
    { channel: "PJSIP/1&SIP/2" },
    { channel: "PJSIP/1 2" },
    { context: "a b" },
    { context: "" },
    { extension: "s,1" },
    { priority: 0 },
    { waitSeconds: 1.5 },
    { retriesMax: -1 },
    { variables: { "SHELL(x)": "1" } },
    { account: "x".repeat(1024) },
    { variables: Object.fromEntries(Array.from({ length: 150 }, (_, index) => [`V${index}`, "x"])) },
  ];
  for (const change of bad)
    assert.throws(() => toCallFileText({ ...CALL, ...change }), AppError, JSON.stringify(change));
});
