import assert from "node:assert/strict";
import { test } from "node:test";
import { AmiMessage } from "../ami/message.ts";
import type { AmiItem } from "../ami/stream.ts";
import { createAmiSource } from "./ami-source.ts";
import { createGapWatch } from "./gap-watch.ts";

const at = (second: number): Date => new Date(Date.parse("2026-11-22T10:00:00Z") + second * 1000);
const event = (second: number, fields: Record<string, string> = { Event: "Hold" }): AmiItem => ({
  kind: "event",
  at: at(second),
  message: new AmiMessage(Object.entries(fields).flat()),
});
const lost = (second: number): AmiItem => ({ kind: "lost", at: at(second) });
const snapshot = (second: number, after: "connect" | "gap" = "connect"): AmiItem => ({
  kind: "snapshot",
  at: at(second),
  channels: [],
  after,
});

test("the first connection is no gap; between a loss and the next snapshot is one", () => {
  const watch = createGapWatch({ droppedEvents: () => 0 });
  assert.equal(watch.heardUntil(at(0)), undefined);
  watch.take([snapshot(1), event(2)]);
  assert.deepEqual([watch.takeFound(), watch.firstHeardAt(), watch.heardUntil(at(5))], [[], at(1), at(5)]);
  watch.take([lost(10)]);
  assert.deepEqual(watch.heardUntil(at(20)), at(10), "it is away since then");
  watch.take([snapshot(30)]);
  assert.deepEqual(watch.takeFound(), [{ fromAt: at(10), toAt: at(30), reason: "connection_lost" }]);
  assert.deepEqual(watch.takeFound(), [], "each is told once");
});

test("dropped events are a gap since the last batch that was whole; the regular snapshot is none", () => {
  let dropped = 0;
  const watch = createGapWatch({ droppedEvents: () => dropped });
  watch.take([snapshot(1), event(2)]);
  watch.take([snapshot(300, "gap")]);
  assert.deepEqual(watch.takeFound(), []);
  watch.take([event(310)]);
  dropped = 7;
  watch.take([event(311), event(312)]);
  watch.take([snapshot(313, "gap")]);
  assert.deepEqual(watch.takeFound(), [{ fromAt: at(310), toAt: at(313), reason: "events_dropped" }]);
});

const CDR = {
  ...{ Event: "Cdr", UniqueID: "1795353143.0", LinkedID: "1795353143.0", Source: "600000001", Destination: "101" },
  ...{
    Channel: "PJSIP/trunk-00000000",
    DestinationChannel: "PJSIP/101-00000001",
    LastApplication: "Dial",
    LastData: "PJSIP/101",
  },
  ...{
    AnswerTime: "2026-11-22 10:00:05",
    EndTime: "2026-11-22 10:00:09",
    BillableSeconds: "4",
    Disposition: "ANSWERED",
  },
};

test("records told over AMI are kept for the comparison, and it is known since when they are", async () => {
  const source = createAmiSource("UTC");
  const load = async (until: number) =>
    (await source.load({ since: at(0), until: at(until) }, { rowsMax: 10, signal: AbortSignal.timeout(1_000) })).length;
  source.take([
    snapshot(1),
    event(9, { ...CDR, StartTime: "2026-11-22 10:00:04" }),
    event(9, { Event: "Cdr", UniqueID: "" }),
  ]);
  assert.deepEqual([await load(60), await load(3), source.reachesBackTo()], [1, 0, at(1)]);
  source.take([lost(100), snapshot(200)]);
  assert.deepEqual(source.reachesBackTo(), at(200), "what was told in between was told to nobody");
  assert.equal(await load(60), 1);
});
