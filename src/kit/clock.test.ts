import assert from "node:assert/strict";
import { test } from "node:test";
import { createDeadline, systemClock } from "./clock.ts";

test("a sleep that is aborted rejects with the signal's reason and leaves no timer", async () => {
  const controller = new AbortController();
  const sleeping = systemClock.sleep(60_000, controller.signal);
  controller.abort(new Error("enough"));
  await assert.rejects(sleeping, /enough/);
});

test("a sleep under an aborted signal does not begin", async () => {
  await assert.rejects(systemClock.sleep(60_000, AbortSignal.abort(new Error("already"))), /already/);
});

test("a deadline aborts when its time is up, and with its parent before that", async () => {
  const { signal } = createDeadline(systemClock, 1);
  await new Promise((resolve) => signal.addEventListener("abort", resolve));
  assert.equal((signal.reason as DOMException).name, "TimeoutError");
  const parent = new AbortController();
  const child = createDeadline(systemClock, 60_000, parent.signal);
  parent.abort(new Error("parent"));
  assert.match(String(child.signal.reason), /parent/);
  child.release();
});
