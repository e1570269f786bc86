import assert from "node:assert/strict";
import { test } from "node:test";
import { createMetrics } from "./metrics.ts";

test("counters, histograms and gauges show on one page with their labels", async () => {
  const metrics = createMetrics({ includeProcess: false });
  metrics.counter("calls_total", "Calls.", ["outcome"]).inc({ outcome: "answered" });
  metrics.histogram("wait_seconds", "Waits.", { buckets: [1, 2] }).observe(1.5);
  metrics.gauge("queue", "Waiting.", { read: () => 7 });
  const text = await metrics.toText();
  assert.match(text, /^calls_total\{outcome="answered"\} 1$/m);
  assert.match(text, /^wait_seconds_bucket\{le="1"\} 0$/m);
  assert.match(text, /^wait_seconds_bucket\{le="2"\} 1$/m);
  assert.match(text, /^queue 7$/m);
});

test("a gauge with labels is set by the one who reads", async () => {
  const metrics = createMetrics({ includeProcess: false });
  metrics.gauge("lanes", "Lanes.", { labels: ["state"], read: (gauge) => gauge.set({ state: "held" }, 3) });
  assert.match(await metrics.toText(), /^lanes\{state="held"\} 3$/m);
});

test("two sets of figures do not mix, and the same name twice is a bug", async () => {
  const [one, other] = [createMetrics({ includeProcess: false }), createMetrics({ includeProcess: false })];
  one.counter("calls_total", "Calls.").inc();
  other.counter("calls_total", "Calls.");
  assert.match(await other.toText(), /^calls_total 0$/m);
  assert.throws(() => one.counter("calls_total", "Calls."), /already been registered/);
});

test("the process itself is measured unless that is switched off", async () => {
  assert.match(await createMetrics().toText(), /^process_resident_memory_bytes \d+/m);
  assert.doesNotMatch(await createMetrics({ includeProcess: false }).toText(), /process_/);
});
