import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { createCalls } from "./calls.ts";
import { startFakeApi } from "./fake-api.ts";
import { createFakeContext, createFakeTerminal } from "./fake-terminal.ts";

async function run(t: TestContext, words: readonly string[], answers: Record<string, unknown>) {
  const { url, asked } = await startFakeApi(t, answers);
  const context = createFakeContext({ url }, createFakeTerminal({}));
  const failure = await createCalls(context)
    .parseAsync([...words], { from: "user" })
    .then(() => null)
    .catch((error: Error) => error);
  return { asked, failure, printed: context.terminal.printed() };
}

test("a call is placed from the command line, and its id is shown", async (t) => {
  const answers = { "POST /api/v1/calls/originate": { call_uuid: "c1", pbx_id: "1" } };
  const { asked, printed } = await run(t, ["originate", "101", "+34 600 000 011"], answers);
  assert.deepEqual(asked, ['POST /api/v1/calls/originate {"extension":"101","number":"+34 600 000 011"}']);
  assert.match(printed, /the call is c1/);
});

test("orders name a call by its id or its call_uuid", async (t) => {
  const answers = {
    "GET /api/v1/calls": { items: [{ id: "42" }], next_cursor: null },
    "POST /api/v1/calls/42/transfer": {},
    "POST /api/v1/calls/42/park": { space: "701", lot: "default" },
  };
  const transfer = await run(t, ["transfer", "77.1", "--extension", "102", "--attended"], answers);
  assert.deepEqual(transfer.asked, [
    "GET /api/v1/calls?call_uuid=77.1&limit=1",
    'POST /api/v1/calls/42/transfer {"extension":"102","kind":"attended"}',
  ]);
  assert.match((await run(t, ["park", "42"], answers)).printed, /Dial 701/);
});

test("keys, recording and the end of a call are asked for under the names of the API", async (t) => {
  const answers = {
    "POST /api/v1/calls/42/dtmf": {},
    "POST /api/v1/calls/42/recording": { file: "enlace-1.wav" },
    "POST /api/v1/calls/42/hangup": {},
  };
  const { asked } = await run(t, ["keys", "42", "--digits", "12#"], answers);
  assert.deepEqual(asked, ['POST /api/v1/calls/42/dtmf {"digits":"12#","to":"customer"}']);
  assert.match((await run(t, ["record", "42", "--action", "start"], answers)).printed, /enlace-1\.wav/);
  assert.deepEqual((await run(t, ["hangup", "42"], answers)).asked, ["POST /api/v1/calls/42/hangup"]);
});

test("an attended transfer is given up under a word of its own", async (t) => {
  const answers = { "POST /api/v1/calls/42/transfer/cancel": {} };
  const { asked, printed } = await run(t, ["cancel-transfer", "42"], answers);
  assert.deepEqual(asked, ["POST /api/v1/calls/42/transfer/cancel"]);
  assert.match(printed, /back with the customer/);
});

test("a transfer to nobody, or to two, is wrong usage and asks nothing", async (t) => {
  for (const flags of [[], ["--extension", "102", "--number", "600000011"]]) {
    const { asked, failure } = await run(t, ["transfer", "42", ...flags], {});
    assert.match(failure?.message ?? "", /an extension or a number/);
    assert.deepEqual(asked, []);
  }
});
