import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { test } from "node:test";
import { loadFromPs, loadProcess } from "./embedded-processes.ts";
import { isPostmasterOf } from "./embedded-survivor.ts";

for (const [way, load] of [
  ["this system's way", loadProcess],
  ["ps", loadFromPs],
] as const) {
  test(`a living process is known by its command and its start, by ${way}`, async () => {
    const child = spawn("sleep", ["61"]);
    await once(child, "spawn");
    const facts = await load(child.pid ?? 0);
    assert.deepEqual(facts?.command, ["sleep", "61"]);
    assert.equal((await load(child.pid ?? 0))?.startedMark, facts?.startedMark);
    assert.notEqual((await load(1))?.startedMark, facts?.startedMark);
    child.kill();
    await once(child, "exit");
    assert.equal(await load(child.pid ?? 0), undefined);
  });
}

test("only a postgres on this very folder is taken for its postmaster", () => {
  const facts = (...command: string[]) => ({ pid: 1, startedMark: "", command });
  assert.ok(isPostmasterOf(facts("/opt/bin/postgres", "-D", "/data/cluster", "-c", "port=1"), "/data/cluster"));
  assert.ok(!isPostmasterOf(facts("/opt/bin/postgres", "-D", "/data/cluster2"), "/data/cluster"));
  assert.ok(!isPostmasterOf(facts("tail", "-D", "/data/cluster"), "/data/cluster"));
  assert.ok(!isPostmasterOf(facts("/data/cluster"), "/data/cluster"));
  assert.ok(!isPostmasterOf(facts(), "/data/cluster"));
});
