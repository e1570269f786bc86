import assert from "node:assert/strict";
import { test } from "node:test";
import type { PhoneNumber } from "../../core/phone-number.ts";
import { createLog } from "../../kit/log.ts";
import { createMetrics } from "../../kit/metrics.ts";
import { createDecisions } from "../policy/decisions.ts";
import { createFakePolicyRoom, toRequest } from "../policy/fake-policy-room.ts";
import { createUpkeep } from "../policy/upkeep.ts";
import type { Project } from "../project.ts";
import { createCallerIds } from "./caller-ids.ts";

const NOON = new Date("2026-11-23T11:00:00Z");
const room = await createFakePolicyRoom(NOON);
const { pool } = room.database;
const callerIds = createCallerIds({
  ...{ database: room.database, clock: room.clock },
  administer: (_doer, work) => room.database.sql.transaction().execute(async (on) => (await work(on, NOON)).value),
});
const add = (project: Project, number: string, dailyCap: number | null = null) =>
  callerIds.add(room.doer, project, { number, country: "ES", areaPrefix: undefined, active: true, dailyCap });
const shown = async (project: Project, number: string): Promise<string | null> => {
  const [decision] = await room.decisions.decideMany([toRequest(project, number)], NOON);
  assert.ok(decision?.allowed, JSON.stringify(decision));
  return decision.callerId;
};

test("D.A 54: of a pool no number is shown above its daily cap, however many processes ask at once; then the project's own is", async () => {
  const project = await room.addProject({ template: "zz-service" }, { usesCallerIdPool: true });
  await add(project, "+34930000001", 3);
  await add(project, "+34930000002", 4);
  const processes = Array.from({ length: 6 }, () => createDecisions({ ...room.options, metrics: room.newMetrics() }));
  const answers = await Promise.all(
    processes.map(({ decideMany }, index) =>
      decideMany(
        [1, 2].map((each) => toRequest(project, `+3493111${index}${each}00`)),
        NOON,
      ),
    ),
  );
  const numbers = answers.flat().map((decision) => decision.allowed && decision.callerId);
  const count = (number: string): number => numbers.filter((each) => each === number).length;
  assert.deepEqual([count("+34930000001"), count("+34930000002"), count("+34910000001")], [3, 4, 5]);
  assert.deepEqual(
    (await callerIds.list(project)).map(({ callsToday }) => callsToday),
    [3, 4],
  );
});

test("D.A 54: a callee is shown the same number again, and with an empty pool the project's own", async () => {
  const project = await room.addProject({ template: "zz-service" }, { usesCallerIdPool: true });
  assert.equal(await shown(project, "+34935550001"), "+34910000001");
  await add(project, "+34950000001");
  assert.equal(await shown(project, "+34935550002"), "+34950000001");
  await add(project, "+34930000001");
  assert.equal(await shown(project, "+34935550002"), "+34950000001", "what was shown before");
  assert.equal(await shown(project, "+34935550003"), "+34930000001", "the nearest");
});

test("answers are counted once, on the day of the call, however often its end is told", async () => {
  const project = await room.addProject({ template: "zz-service" }, { usesCallerIdPool: true });
  await add(project, "+34930000001");
  const request = toRequest(project, "+34935550009");
  const [decision] = await room.decisions.decideMany([request], NOON);
  assert.ok(decision?.allowed);
  const { callerId } = decision;
  const told = {
    ...request,
    id: request.attemptId,
    callerId,
    dialedAt: NOON,
    answeredAt: NOON,
    disposition: "answered" as const,
  };
  for (let times = 0; times < 3; times++) await room.decisions.noteAttempts([told]);
  const [row] = await callerIds.list(project);
  assert.deepEqual([row?.callsToday, row?.endedRecently, row?.answersRecently], [1, 1, 1]);
});

test("a number that is picked up no more is told of once, and passed over while there is another", async () => {
  const project = await room.addProject({ template: "zz-service" }, { usesCallerIdPool: true });
  const [marked, other] = [await add(project, "+34930000001"), await add(project, "+34950000001")];
  for (const [day, ended, answers] of [
    ["2026-11-10", 1_000, 300],
    ["2026-11-22", 100, 5],
  ])
    await pool.query(
      "insert into caller_id_days (tenant_id, caller_id_id, day, ended, answers) values ($1, $2, $3, $4, $5)",
      [room.tenantId, marked.id, day, ended, answers],
    );
  assert.equal(await shown(project, "+34935550001" as PhoneNumber), other.number);
  const lines: string[] = [];
  const log = createLog({
    level: "warn",
    format: "json",
    destination: { write: (line: string) => void lines.push(line) },
  });
  const rounds = Promise.withResolvers<void>();
  let sleeps = 0;
  const upkeep = createUpkeep({
    ...{ database: room.database, log, metrics: createMetrics({ includeProcess: false }) },
    clock: {
      ...room.clock,
      sleep: async (_ms, signal) => {
        if (++sleeps < 3) return;
        rounds.resolve();
        await new Promise((_resolve, reject) => signal?.addEventListener("abort", () => reject(signal.reason)));
      },
    },
  });
  upkeep.start();
  await rounds.promise;
  await upkeep.stop();
  assert.equal(lines.filter((line) => line.includes("caller_id.dropped")).length, 1, lines.join(""));
});
