import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { startFakeApi } from "../fake-api.ts";
import { createFakeContext } from "../fake-terminal.ts";
import { createDoctorPbx } from "./pbx.ts";

const pbx = (id: string, name: string, enabled = true) => ({ id, name, enabled });
const report = (level: string) => ({
  ok: level !== "error",
  findings: [
    { level: "ok", subject: "login", message: "logged in", mend: null },
    {
      level,
      subject: "context:c",
      message: "there is no context c",
      mend: "extensions.conf:\n[c]\nexten => _X.,1,Hangup()",
    },
  ],
});

async function run(t: TestContext, words: string[], level: string) {
  const { url, asked } = await startFakeApi(t, {
    "GET /api/v1/pbxs": { items: [pbx("1", "office"), pbx("2", "branch", false), pbx("3", "shop")], next_cursor: null },
    "POST /api/v1/pbxs/1/check": report(level),
    "POST /api/v1/pbxs/2/check": report(level),
    "POST /api/v1/pbxs/3/check": report("ok"),
  });
  const context = createFakeContext({ url });
  const failure = await createDoctorPbx(context)
    .parseAsync(words, { from: "user" })
    .then(() => null)
    .catch((error: Error) => error.message);
  return { failure, printed: context.terminal.printed(), checked: asked.filter((each) => each.startsWith("POST")) };
}

test("all PBXs that are switched on are looked at; what mends a finding stands below it, line by line", async (t) => {
  const { failure, printed, checked } = await run(t, [], "error");
  assert.deepEqual(checked, ["POST /api/v1/pbxs/1/check", "POST /api/v1/pbxs/3/check"]);
  assert.equal(failure, "one thing needs mending");
  assert.match(printed, /^office\n/);
  assert.match(
    printed,
    /ERROR {4}context:c: there is no context c\n {9}→ extensions\.conf:\n {11}\[c\]\n {11}exten => /,
  );
});

test("one that is named is looked at even when it is switched off, and --json is for scripts", async (t) => {
  const { failure, printed, checked } = await run(t, ["branch", "--json"], "warning");
  assert.deepEqual(checked, ["POST /api/v1/pbxs/2/check"]);
  assert.equal(failure, null);
  const { ok, pbxs } = JSON.parse(printed);
  assert.deepEqual([ok, pbxs[0].pbx, pbxs[0].findings.length], [true, "branch", 2]);
});

test("a PBX that is not there is said so", async (t) => {
  assert.equal((await run(t, ["nowhere"], "ok")).failure, "there is no PBX nowhere");
});
