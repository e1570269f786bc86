import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { silentLog } from "../../../test/database.ts";
import { type Clock, systemClock } from "../clock.ts";
import { loadProcess } from "./embedded-processes.ts";
import { endSurvivor, stopPostmaster } from "./embedded-survivor.ts";

/** Waits are real but short; each seems to take seconds. */
function createHurriedClock(): Clock {
  let nowMs = 0;
  return {
    ...systemClock,
    monotonicMs: () => nowMs,
    sleep: async (ms, signal) => {
      nowMs += ms * 20;
      await systemClock.sleep(ms, signal);
    },
  };
}

function newCluster(): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "enlace-survivor-")));
  after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A process that says when it is ready and does not heed `ignored`. */
async function startStubborn(ignored: readonly NodeJS.Signals[]): Promise<ChildProcess> {
  const script = `${JSON.stringify(ignored)}.forEach((s) => process.on(s, () => {})); console.log("ready"); setInterval(() => {}, 1000)`;
  const child = spawn(process.execPath, ["-e", script], { stdio: ["ignore", "pipe", "inherit"] });
  after(() => child.kill("SIGKILL"));
  await once(child.stdout as NodeJS.ReadableStream, "data");
  return child;
}

for (const [ignored, ends] of [
  [[], "SIGINT"],
  [["SIGINT"], "SIGQUIT"],
  [["SIGINT", "SIGQUIT"], "SIGKILL"],
] as const) {
  test(`a server that ignores ${ignored.join(" and ") || "nothing"} is ended by ${ends}`, {
    timeout: 30_000,
  }, async () => {
    const child = await startStubborn(ignored);
    const facts = await loadProcess(child.pid ?? 0);
    assert.ok(facts);
    const exited = once(child, "exit");
    await stopPostmaster(facts, createHurriedClock());
    assert.deepEqual(await exited, [null, ends]);
    await stopPostmaster(facts, createHurriedClock());
  });
}

const onlyLinux = process.platform !== "linux" && "needs /proc";
test("nobody starts beside a process that still works in the cluster: it is named", {
  skip: onlyLinux,
  timeout: 30_000,
}, async () => {
  const cluster = newCluster();
  const orphan = spawn("sleep", ["62"], { cwd: cluster });
  await once(orphan, "spawn");
  writeFileSync(join(cluster, "postmaster.pid"), "4194305\n");
  const survivor = { cluster, clock: createHurriedClock(), log: silentLog };
  await assert.rejects(
    endSurvivor(survivor),
    new RegExp(`processes ${orphan.pid} of an earlier PostgreSQL still work`),
  );
  assert.ok(existsSync(join(cluster, "postmaster.pid")));

  const waiting = endSurvivor({ ...survivor, clock: systemClock });
  orphan.kill();
  await waiting;
  assert.ok(!existsSync(join(cluster, "postmaster.pid")));
});

test("a broken postmaster.pid names nobody", async () => {
  const cluster = newCluster();
  writeFileSync(join(cluster, "postmaster.pid"), "");
  await endSurvivor({ cluster, clock: systemClock, log: silentLog });
});
