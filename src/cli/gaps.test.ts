import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { startFakeApi } from "./fake-api.ts";
import { createFakeContext, createFakeTerminal } from "./fake-terminal.ts";
import { createPbx } from "./pbx.ts";

async function run(
  t: TestContext,
  words: string,
  { answers, typed = "" }: { answers: Record<string, unknown>; typed?: string },
) {
  const pbxs = { items: [{ id: "7", name: "Office" }], next_cursor: null };
  const { url, asked } = await startFakeApi(t, { "GET /api/v1/pbxs": pbxs, ...answers });
  const context = createFakeContext({ url }, createFakeTerminal({ typed }));
  const failure = await createPbx(context)
    .parseAsync(words.split(" "), { from: "user" })
    .then(() => null)
    .catch((error: Error) => error);
  return { asked: asked.slice(1), failure, printed: context.terminal.printed() };
}

const GAP = {
  ...{ id: "3", from: "2026-11-22T10:00:00.000Z", to: "2026-11-22T10:05:00.000Z", reason: "connection_lost" },
  ...{ state: "checked", problem: null, calls: 12, missing: 4, repaired: 4 },
};

test("gaps are listed with how many calls were missing and repaired", async (t) => {
  const answers = { "GET /api/v1/pbxs/7/gaps": { items: [GAP], next_cursor: null } };
  const { printed } = await run(t, "gaps Office", { answers });
  assert.match(printed, /connection_lost.*checked.*12.*4.*4/);
});

test("reconcile waits until the comparison is done and says what it found", async (t) => {
  const open = { ...GAP, reason: "asked", state: "open", missing: 0, repaired: 0, calls: 0 };
  const answers = {
    "POST /api/v1/pbxs/7/reconcile": open,
    "GET /api/v1/pbxs/7/gaps/3": [open, { ...open, state: "checked", calls: 12, missing: 2, repaired: 2 }],
  };
  const { asked, printed, failure } = await run(t, "reconcile Office --since 2026-11-22T10:00:00Z", { answers });
  assert.equal(failure, null);
  assert.equal(asked.length, 3);
  assert.equal(printed, "Office has records of 12 calls: 2 were missing, 2 are repaired.\n");
});

test("reconcile fails with the reason when the records could not tell", async (t) => {
  const answers = {
    "POST /api/v1/pbxs/7/reconcile": { ...GAP, state: "unchecked", problem: "nobody said where they are" },
  };
  const { failure } = await run(t, "reconcile 7 --since 2026-11-22", { answers });
  assert.equal(failure?.message, "nobody said where they are");
});

test("the password of the records comes from standard input, never from the command line", async (t) => {
  const answers = { "PUT /api/v1/pbxs/7/cdr": { kind: "mysql", host: "db.example.test" } };
  const words = "cdr Office --kind mysql --host db.example.test --user reader --password";
  const { asked, printed } = await run(t, `${words} -`, { answers, typed: "pass\n" });
  assert.deepEqual(asked, [
    'PUT /api/v1/pbxs/7/cdr {"kind":"mysql","host":"db.example.test","user":"reader","password":"pass"}',
  ]);
  assert.equal(printed, "Call records of Office: mysql db.example.test\n");
  const refused = await run(t, `${words} visible`, { answers });
  assert.match(refused.failure?.message ?? "", /seen by others/);
});
