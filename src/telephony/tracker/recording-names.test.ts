import assert from "node:assert/strict";
import { test } from "node:test";
import { silentLog } from "../../../test/database.ts";
import type { AmiAction } from "../ami/action.ts";
import { AmiMessage } from "../ami/message.ts";
import type { AmiItem } from "../ami/stream.ts";
import { createRecordingNames } from "./recording-names.ts";

const at = new Date("2026-03-10T10:00:00Z");
const started: AmiItem = {
  kind: "event",
  at,
  message: new AmiMessage([
    "Event",
    "MixMonitorStart",
    "Channel",
    "PJSIP/trunk-1",
    "Uniqueid",
    "1.1",
    "Linkedid",
    "1.1",
  ]),
};

test("a recording that starts is asked for its file, which comes as the event that tells it", async () => {
  const sent: AmiAction[] = [];
  const named = Promise.withResolvers<AmiItem>();
  const names = createRecordingNames({
    send: async (action) => {
      sent.push(action);
      return new AmiMessage(["Response", "Success", "Value", "/var/spool/asterisk/monitor/a.wav"]);
    },
    onName: async (item) => named.resolve(item),
    log: silentLog,
  });
  names.take({ kind: "event", at, message: new AmiMessage(["Event", "Hangup"]) });
  names.take({ kind: "lost", at });
  names.take(started);
  const item = await named.promise;
  assert.deepEqual(sent, [{ name: "Getvar", fields: { Channel: "PJSIP/trunk-1", Variable: "MIXMONITOR_FILENAME" } }]);
  assert.ok(item.kind === "event");
  const seen = ["Event", "Uniqueid", "Variable", "Value"].map((name) => item.message.get(name));
  assert.deepEqual(seen, ["VarSet", "1.1", "MIXMONITOR_FILENAME", "/var/spool/asterisk/monitor/a.wav"]);
  assert.equal(item.at, at);
});

test("a channel that is gone, a right that is missing and a connection that broke are survived", async () => {
  const answers = [
    async () => new AmiMessage(["Response", "Error", "Message", "No such channel"]),
    async () => new AmiMessage(["Response", "Success", "Value", ""]),
    async () => Promise.reject(new Error("connection lost")),
  ];
  const asked = answers.map(() => Promise.withResolvers<void>());
  let count = 0;
  const names = createRecordingNames({
    send: (): Promise<AmiMessage> => {
      asked[count]?.resolve();
      return (answers[count++] as () => Promise<AmiMessage>)();
    },
    onName: () => assert.fail("there is no name"),
    log: silentLog,
  });
  for (const each of asked) {
    names.take(started);
    await each.promise;
  }
  await new Promise(setImmediate);
  assert.equal(count, 3);
});
