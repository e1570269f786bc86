import assert from "node:assert/strict";
import { test } from "node:test";
import { createTestDatabase } from "../../test/database.ts";
import { createManualClock } from "../../test/manual-clock.ts";
import { createSystemHealth, type SystemHealthOptions, toBackupsCheck, toDiskCheck } from "./system-health.ts";

const clock = createManualClock();
const database = await createTestDatabase(clock.now());

function open(more: Partial<SystemHealthOptions> = {}) {
  const list = async () => ({ folder: "", items: [], running: null, failure: null });
  const options = { database, clock, version: "1.2.3", roles: ["api"], dataFolder: ".", backups: { list }, checks: [] };
  return createSystemHealth({ ...options, ...more });
}

test("figures and versions are those of the process and the store that are asked", async () => {
  const report = await open().load();
  assert.deepEqual([report.versions.enlace, report.versions.node, report.roles], ["1.2.3", process.version, ["api"]]);
  assert.match(report.versions.schema, /^\d{4}_/);
  assert.match(report.versions.postgres, /^\d+/);
  assert.ok(report.database.sizeBytes > 0 && report.database.connectionsMax > 0 && report.disk.totalBytes > 0);
});

test("what is wrong comes with a way to mend it, a check that throws is not well", async () => {
  const broken = { name: "lanes", check: async () => Promise.reject(new Error("nobody delivers")) };
  const { checks } = await open({ checks: [broken] }).load();
  const of = (name: string) => checks.find((check) => check.name === name);
  assert.deepEqual(of("lanes"), { name: "lanes", ok: false, detail: "nobody delivers", mend: null });
  assert.deepEqual([of("backups")?.ok, of("connections")?.ok], [false, true]);
  assert.match(of("backups")?.mend?.text ?? "", /docs\/backup\.md/);
});

test("a backup grows too old after a week, a disk is too full below a GiB or a twentieth", () => {
  const now = new Date("2026-01-10T12:00:00Z");
  const age = (days: number) => toBackupsCheck(new Date(now.getTime() - days * 86_400_000), now).ok;
  assert.deepEqual([age(0), age(6.9), age(7)], [true, true, false]);
  const GIB = 1024 ** 3;
  const disk = (free: number, total: number) =>
    toDiskCheck({ folder: "/data", freeBytes: free * GIB, totalBytes: total * GIB }).ok;
  assert.deepEqual([disk(0.9, 10), disk(2, 10), disk(4, 100), disk(6, 100)], [false, true, false, true]);
});
