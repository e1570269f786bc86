import assert from "node:assert/strict";
import { test } from "node:test";
import { toTenantId } from "../../core/ids.ts";
import type { RecordingPbx } from "../../core/pbx-record.ts";
import { createFinder, toAddresses } from "./find-recording.ts";
import type { FoundFile, RecordingFolder } from "./folder.ts";

const URL_TEMPLATE = "https://pbx.example.test/m/$" + "{year}/$" + "{month}/$" + "{day}/$" + "{file}";
const pbx: RecordingPbx = {
  ...{ tenantId: toTenantId(1), id: "1", name: "PBX", timeZone: "Europe/Madrid", callIdPrefix: "Branch:" },
  tlsCa: null,
  recordings: { folder: "/srv/m", pbxFolder: "/var/spool/asterisk/monitor", url: null },
};
const sought = (files: readonly string[], recordings: Partial<RecordingPbx["recordings"]> = {}) => ({
  ...{ pbx: { ...pbx, recordings: { ...pbx.recordings, ...recordings } }, files, callUuid: "Branch:1700000100.10" },
  startedAt: new Date("2026-11-22T23:30:00Z"),
});
const { signal } = new AbortController();

/** A folder with these files, and a web server with these; what was asked is noted. */
function createWorld(files: Record<string, number>, addresses: Record<string, number | null> = {}) {
  const asked: string[] = [];
  const toFound = (place: string): FoundFile => ({ place, sizeBytes: files[place] ?? 0, modifiedAt: new Date(0) });
  const folder: RecordingFolder = {
    find: async (candidates) => {
      const place = candidates.find((candidate) => candidate in files);
      return place === undefined ? null : toFound(place);
    },
    findByUniqueId: async (day, uniqueId) => {
      asked.push(`${day} ${uniqueId}`);
      const place = Object.keys(files).find((name) => name.includes(uniqueId));
      return place === undefined ? null : toFound(place);
    },
    open: async () => null,
  };
  const look = async ({ url }: { url: string }) => {
    asked.push(url);
    return url in addresses ? { sizeBytes: addresses[url] ?? null } : null;
  };
  return { find: createFinder({ openFolder: () => folder, addresses: { look } }), asked };
}

test("of several files of a call the largest is taken; one with a header alone is none", async () => {
  const { find } = createWorld({ "a.wav": 500, "b.wav": 900, "c.wav": 44 });
  assert.equal((await find(sought(["a.wav", "b.wav"]), signal))?.place, "b.wav");
  assert.equal(await find(sought(["c.wav"]), signal), null);
});

test("without a name, the call's unique id is looked for on the PBX's day, without the prefix that Enlace gave it", async () => {
  const { find, asked } = createWorld({ "2026/11/23/x-1700000100.10.wav": 900 });
  assert.equal((await find(sought([]), signal))?.place, "2026/11/23/x-1700000100.10.wav");
  assert.deepEqual(asked, ["2026/11/23 1700000100.10"]);
});

test("the address is asked only when the folder has nothing, and a size that is not told is taken as it is", async () => {
  const url = "https://pbx.example.test/m/2026/11/23/a.wav";
  const both = createWorld({ "a.wav": 500 }, { [url]: 900 });
  assert.equal((await both.find(sought(["a.wav"], { url: URL_TEMPLATE }), signal))?.kind, "folder");
  const { find } = createWorld({}, { [url]: null });
  const found = await find(sought(["/var/spool/asterisk/monitor/a.wav"], { folder: null, url: URL_TEMPLATE }), signal);
  assert.deepEqual(found, { kind: "url", place: url, sizeBytes: null });
});

test("an address is filled with the day in the name, else with that of the call on the PBX's calendar", () => {
  const name = "out-600000011-101-20261121-235959-1700000100.10.wav";
  assert.deepEqual(toAddresses(URL_TEMPLATE, sought([name, "a.wav"])), [
    `https://pbx.example.test/m/2026/11/21/${name}`,
    "https://pbx.example.test/m/2026/11/23/a.wav",
  ]);
});
