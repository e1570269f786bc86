import assert from "node:assert/strict";
import { test } from "node:test";
import type { CallDetails } from "../core/call-details.ts";
import { toDetailsItem, toDetailsSummary } from "./details-item.ts";

const at = (clock: string): Date => new Date(`2026-03-10T${clock}Z`);
const nothing: CallDetails = {
  ...{ rings: [], talks: [], holds: [], queues: [], transfers: [] },
  ...{ pickups: [], parkings: [], conferences: [], recordings: [] },
};

test("phones that ring together are one step, those that ring after them the next", () => {
  const ring = (extension: string, from: string, to?: string) => ({
    ...{ id: extension + from, extension, startedAt: at(from) },
    ...(to === undefined ? {} : { endedAt: at(to) }),
  });
  const rings = [
    ring("101", "10:00:00", "10:00:05"),
    ring("102", "10:00:01", "10:00:05"),
    ring("103", "10:00:05", "10:00:09"),
    ring("101", "10:00:09"),
  ];
  const shown = toDetailsItem({ ...nothing, rings }).rings;
  assert.deepEqual(
    shown.map(({ step, extension, seconds }) => [step, extension, seconds]),
    [
      [1, "101", 5],
      [1, "102", 4],
      [2, "103", 4],
      [3, "101", null],
    ],
  );
});

test("a queue shows its wait and how often it rang somebody meanwhile", () => {
  const stay = { id: "q", queue: "support", joinedAt: at("10:00:00"), leftAt: at("10:00:12"), outcome: "connected" };
  const rings = [
    { id: "1", startedAt: at("10:00:01"), extension: "101", queue: "support" },
    { id: "2", startedAt: at("10:00:08"), extension: "102", queue: "support" },
    { id: "3", startedAt: at("10:00:30"), extension: "103", queue: "support" },
  ];
  const item = toDetailsItem({ ...nothing, rings, queues: [{ ...stay, outcome: "connected", extension: "102" }] });
  assert.deepEqual(
    item.queues.map(({ wait_seconds, outcome, extension, rings: count }) => [wait_seconds, outcome, extension, count]),
    [[12, "connected", "102", 2]],
  );
});

test("a list shows hold, queue and cause, and null where no source tells of them", () => {
  const holds = [
    { id: "1", startedAt: at("10:00:00"), endedAt: at("10:00:10") },
    { id: "2", startedAt: at("10:00:05"), endedAt: at("10:00:12") },
    { id: "3", startedAt: at("10:00:50") },
  ];
  assert.deepEqual(toDetailsSummary({ ...nothing, holds, hangupCause: 16 }), {
    ...{ hold_seconds: 12, queue: null, hangup_cause: 16 },
  });
  assert.deepEqual(toDetailsSummary(null), { hold_seconds: null, queue: null, hangup_cause: null });
});
