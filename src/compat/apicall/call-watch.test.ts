import assert from "node:assert/strict";
import { test } from "node:test";
import { createCallWatch } from "./call-watch.ts";
import type { LoggedCall } from "./logs.ts";

const toCall = (id: string, state: LoggedCall["state"], fields: Partial<LoggedCall> = {}): LoggedCall => ({
  ...{ id, state, projectNumber: "100", campaignId: "7", number: "+34600000001", digit: null, disposition: null },
  ...{ amdStatus: null, callerId: null, queuedAt: new Date(0), answeredAt: null, endedAt: null },
  ...fields,
});
const ended = (id: string): LoggedCall => toCall(id, "ended", { disposition: "busy" });

test("the first look learns what goes on and tells nothing", () => {
  const watch = createCallWatch();
  assert.deepEqual(watch.look([toCall("a", "dialing"), ended("b")]), []);
  assert.deepEqual(watch.knownIds(), ["a"]);
});

test("a call is told when it starts, when it goes further and once when it ends", () => {
  const watch = createCallWatch();
  watch.look([]);
  const looks = [
    [toCall("a", "dialing")],
    [toCall("a", "dialing")],
    [toCall("a", "talking")],
    [toCall("a", "talking", { amdStatus: "HUMAN" })],
    [ended("a")],
    [ended("a")],
  ];
  const types = looks.map((calls) => watch.look(calls).map(({ type }) => type));
  assert.deepEqual(types, [["call_start"], [], ["call_update"], ["call_update"], ["call_end"], []]);
  assert.deepEqual(watch.knownIds(), []);
});

test("a call that began and ended between two looks has both its events", () => {
  const watch = createCallWatch();
  watch.look([]);
  const events = watch.look([ended("short")]);
  assert.deepEqual(
    events.map(({ type, campaignId }) => [type, campaignId]),
    [
      ["call_start", "7"],
      ["call_end", "7"],
    ],
  );
  assert.deepEqual(watch.look([ended("short")]), []);
});
