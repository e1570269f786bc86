import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { startFakeApi } from "./fake-api.ts";
import { createFakeContext, createFakeTerminal } from "./fake-terminal.ts";
import { createRedirect } from "./redirect.ts";

async function run(t: TestContext, words: string[], answers: Record<string, unknown>, typed = "") {
  const { url, asked } = await startFakeApi(t, answers);
  const context = createFakeContext({ url }, createFakeTerminal({ typed }));
  const failure = await createRedirect(context)
    .parseAsync(words, { from: "user" })
    .then(() => null)
    .catch((error: Error) => error);
  return { asked, failure, printed: context.terminal.printed() };
}

const DECISION = {
  ...{ mode: "routing+name", reason: "last_call", name: "Ann", extension: "102", dial_plan: "mngr7_0009001_1" },
  ...{ duration_ms: 12, steps: [{ step: "last_call", said: "102 talked with this number" }] },
};
const LINE = { enabled: true, do_routing: true, algorithm: "crm" };
const SETTINGS = {
  ...{ mode: "routing+name", dial_plan: "x", connection_id: null },
  ...{ lines: { "gsm:0009001": LINE }, default_line: { ...LINE, do_routing: false } },
};

test("a simulated call is told step by step, with what comes of it", async (t) => {
  const answers = { "POST /api/v1/smart-redirect/test": DECISION };
  const { asked, printed } = await run(t, ["test", "600000001", "--trunk", "0009001", "--fresh"], answers);
  assert.deepEqual(asked, ['POST /api/v1/smart-redirect/test {"phone":"600000001","trunk":"0009001","fresh":true}']);
  assert.match(printed, /last_call +102 talked with this number/);
  assert.match(printed, /Call: extension 102, dial plan mngr7_0009001_1 \(last_call, 12 ms\)/);
});

test("the settings show which line does what", async (t) => {
  const { printed } = await run(t, ["settings"], { "GET /api/v1/smart-redirect": SETTINGS });
  assert.match(printed, /gsm:0009001 +on +crm/);
  assert.match(printed, /\(others\) +on +names only/);
});

test("settings come as JSON from standard input, and anything else is refused before it is sent", async (t) => {
  const answers = { "PUT /api/v1/smart-redirect": SETTINGS };
  const { asked } = await run(t, ["settings", "--from", "-"], answers, '{"mode":"off"}');
  assert.deepEqual(asked, ['PUT /api/v1/smart-redirect {"mode":"off"}']);
  const refused = await run(t, ["settings", "--from", "-"], answers, "mode=off");
  assert.match(refused.failure?.message ?? "", /not a JSON object/);
  assert.deepEqual(refused.asked, []);
});

test("decisions are listed with their reasons", async (t) => {
  const kept = { ...DECISION, at: "2026-03-10T10:00:00.000Z", phone: "+34600000001", trunk: "0009001", source: "agi" };
  const answers = { "GET /api/v1/smart-redirect/decisions": { items: [kept], next_cursor: null } };
  const { asked, printed } = await run(t, ["decisions", "--phone", "600000001"], answers);
  assert.deepEqual(asked, ["GET /api/v1/smart-redirect/decisions?phone=600000001&limit=50"]);
  assert.match(printed, /\+34600000001 +0009001 +Ann +102 +last_call +12/);
});
