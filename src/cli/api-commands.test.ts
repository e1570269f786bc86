import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import type { Command } from "commander";
import type { CommandContext } from "./command.ts";
import { createConnection } from "./connection.ts";
import { createDeliveries } from "./deliveries.ts";
import { createExtension } from "./extension.ts";
import { startFakeApi } from "./fake-api.ts";
import { createFakeContext, createFakeTerminal } from "./fake-terminal.ts";
import { createKey } from "./key.ts";
import { createPbx } from "./pbx.ts";
import { createSecret } from "./secret.ts";
import { createUser } from "./user.ts";

/** Runs one command line against fixed answers. */
async function run(
  t: TestContext,
  create: (context: CommandContext) => Command,
  { words, answers, typed = "" }: { words: string; answers: Record<string, unknown>; typed?: string },
) {
  const { url, asked } = await startFakeApi(t, answers);
  const context = createFakeContext({ url }, createFakeTerminal({ typed }));
  const failure = await create(context)
    .parseAsync(words.split(" "), { from: "user" })
    .then(() => null)
    .catch((error: Error) => error);
  return { asked, failure, printed: context.terminal.printed() };
}

const ANA = {
  id: "3",
  username: "ana",
  name: "Ana",
  role: "agent",
  disabled_at: null,
  last_login_at: null,
};
const page = (items: readonly unknown[], next_cursor: string | null = null) => ({ items, next_cursor });

test("a list longer than a page is fetched page by page up to the limit", async (t) => {
  const answers = { "GET /api/v1/users": [page([ANA, ANA], "c1"), page([ANA], "c2")] };
  const { asked, printed } = await run(t, createUser, { words: "list --limit 3", answers });
  assert.deepEqual(asked, ["GET /api/v1/users?limit=3", "GET /api/v1/users?limit=1&cursor=c1"]);
  assert.match(printed, /3 shown, there are more: --limit\n$/);
});

test("--json gives the items as they came, with fields this command does not know", async (t) => {
  const answers = { "GET /api/v1/users": page([{ ...ANA, shoe_size: 38 }]) };
  const { printed } = await run(t, createUser, { words: "list --json", answers });
  assert.deepEqual(JSON.parse(printed), page([{ ...ANA, shoe_size: 38 }]));
});

test("a new user's one-time password is shown", async (t) => {
  const answers = { "POST /api/v1/users": { ...ANA, one_time_password: "abc-def" } };
  const { asked, printed } = await run(t, createUser, { words: "add ana --role agent", answers });
  assert.deepEqual(asked, ['POST /api/v1/users {"username":"ana","name":"","role":"agent"}']);
  assert.match(printed, /One-time password: abc-def/);
});

test("a password comes from standard input, and never from the command line", async (t) => {
  const answers = {
    "GET /api/v1/users": page([ANA]),
    "POST /api/v1/users/3/password": { one_time_password: null },
  };
  const { asked } = await run(t, createUser, { words: "passwd Ana --password -", answers, typed: "geheim12345\n" });
  assert.equal(asked[1], 'POST /api/v1/users/3/password {"password":"geheim12345"}');
  const { failure } = await run(t, createUser, { words: "passwd ana --password geheim", answers });
  assert.match(failure?.message ?? "", /seen by others/);
});

test("a user who is not there is named", async (t) => {
  const { failure } = await run(t, createUser, { words: "disable eva", answers: { "GET /api/v1/users": page([ANA]) } });
  assert.equal(failure?.message, "there is no user eva");
});

test("a key is asked for with its scopes and shown", async (t) => {
  const answers = { "POST /api/v1/api-keys": { id: "9", key: "enl_secret", scopes: ["calls:read", "audit:read"] } };
  const { asked, printed } = await run(t, createKey, { words: "create bot --scopes calls:read,audit:read", answers });
  assert.deepEqual(asked, ['POST /api/v1/api-keys {"name":"bot","scopes":["calls:read","audit:read"]}']);
  assert.match(printed, /^enl_secret\n/);
});

test("a rotated secret is shown with the end of the others", async (t) => {
  const answer = {
    id: "2",
    secret: "s3cret",
    created_at: "2026-11-22T10:00:00Z",
    others_expire_at: "2026-11-23T10:00:00Z",
  };
  const answers = { "POST /api/v1/webhook-secrets/rotate": answer };
  const { asked, printed } = await run(t, createSecret, { words: "rotate --overlap 0", answers });
  assert.deepEqual(asked, ['POST /api/v1/webhook-secrets/rotate {"overlap_seconds":0}']);
  assert.match(printed, /^s3cret\nShown only now/);
});

const VTIGER = {
  id: "1",
  name: "CRM",
  connector: "vtiger",
  lane: { state: "held", reason: "wrong key", queue_depth: 4, dead: 0, last_success_at: null },
};

test("a check that fails ends with 1 after showing what to mend", async (t) => {
  const findings = [{ level: "error", subject: "login", message: "wrong key", mend: "Copy it anew." }];
  const answers = {
    "GET /api/v1/connections": page([VTIGER]),
    "POST /api/v1/connections/1/check": { ok: false, findings },
  };
  const { failure, printed } = await run(t, createConnection, { words: "check CRM", answers });
  assert.equal(failure?.message, "CRM does not work yet");
  assert.match(printed, /error {4}login: wrong key\n +→ Copy it anew\./);
});

test("the list of connections says why a lane stands still", async (t) => {
  const answers = { "GET /api/v1/connections": page([VTIGER]) };
  const { printed } = await run(t, createConnection, { words: "list", answers });
  assert.match(printed, /^1 +CRM +vtiger +held: wrong key +4 +0 +-$/m);
});

test("an unknown connector is wrong usage and names the known ones", async (t) => {
  const answers = { "GET /api/v1/connectors": page([{ id: "vtiger", settings_schema: { properties: {} } }]) };
  const { failure } = await run(t, createConnection, { words: "add --connector hubspot --name x", answers });
  assert.match(failure?.message ?? "", /no connector hubspot/);
});

test("replaying everything must be said", async (t) => {
  const { failure, asked } = await run(t, createDeliveries, { words: "replay", answers: {} });
  assert.match(failure?.message ?? "", /which ones\?/);
  assert.deepEqual(asked, []);
});

const BRANCH = {
  ...{ id: "7", name: "Branch", host: "pbx.example.test", port: 5038, enabled: true, posts_events: false },
  status: { owned_here: true, state: "waiting", since: null, problem: "login refused", calls: null },
};

test("a PBX's secret comes from standard input, and never from the command line", async (t) => {
  const answers = { "POST /api/v1/pbxs": BRANCH };
  const words = "add --name Branch --host pbx.example.test --username enlace --trunk a --trunk b --secret";
  const { asked, printed } = await run(t, createPbx, { words: `${words} -`, answers, typed: "geheim\n" });
  const body = { name: "Branch", host: "pbx.example.test", port: 5038, tls: false, username: "enlace" };
  assert.deepEqual(asked, [`POST /api/v1/pbxs ${JSON.stringify({ ...body, secret: "geheim", trunks: ["a", "b"] })}`]);
  assert.match(printed, /enlace pbx check 7/);
  const { failure } = await run(t, createPbx, { words: `${words} geheim`, answers });
  assert.match(failure?.message ?? "", /seen by others/);
});

test("the list of PBXs says why one is away; a check that fails and a removal go by its name", async (t) => {
  const answers = {
    "GET /api/v1/pbxs": page([BRANCH]),
    "POST /api/v1/pbxs/7/check": { ok: false, findings: [{ level: "error", subject: "login", message: "refused" }] },
    "DELETE /api/v1/pbxs/7": null,
  };
  const list = await run(t, createPbx, { words: "list", answers });
  assert.match(list.printed, /^7 +Branch +pbx\.example\.test:5038 +waiting: login refused +-/m);
  const check = await run(t, createPbx, { words: "check Branch", answers });
  assert.equal(check.failure?.message, "Branch does not work yet");
  const removal = await run(t, createPbx, { words: "remove Branch", answers });
  assert.equal(removal.failure, null);
  assert.equal(removal.asked[1], "DELETE /api/v1/pbxs/7");
  const { failure } = await run(t, createPbx, { words: "remove Office", answers });
  assert.equal(failure?.message, "there is no PBX Office");
});

test("a PBX without AMI is told from one that is away, and what it posts with is shown once or ended", async (t) => {
  const status = { ...BRANCH.status, owned_here: false, state: null, problem: null };
  const lima = { ...BRANCH, id: "8", name: "Lima", host: null, posts_events: true, status };
  const answers = {
    "GET /api/v1/pbxs": page([lima]),
    "POST /api/v1/pbxs": lima,
    "POST /api/v1/pbxs/8/event-token": { token: "made-up", others_expire_at: "2026-03-10T10:00:00.000Z" },
    "DELETE /api/v1/pbxs/8/event-token": null,
  };
  const added = await run(t, createPbx, { words: "add --name Lima", answers });
  assert.deepEqual(added.asked, ['POST /api/v1/pbxs {"name":"Lima","port":5038,"tls":false,"trunks":[]}']);
  assert.match(added.printed, /enlace pbx token 8/);
  assert.match((await run(t, createPbx, { words: "list", answers })).printed, /^8 +Lima +posts events +has a token/m);
  const given = await run(t, createPbx, { words: "token Lima --overlap 60", answers });
  assert.equal(given.asked[1], 'POST /api/v1/pbxs/8/event-token {"overlap_seconds":60}');
  assert.match(given.printed, /^made-up\nShown only now\.\n$/);
  const own = await run(t, createPbx, { words: "token Lima --token -", answers, typed: "unit-token-A\n" });
  assert.equal(own.asked[1], 'POST /api/v1/pbxs/8/event-token {"token":"unit-token-A"}');
  const ended = await run(t, createPbx, { words: "token Lima --revoke", answers });
  assert.equal(ended.asked[1], "DELETE /api/v1/pbxs/8/event-token");
  const seen = await run(t, createPbx, { words: "token Lima --token unit-token-A", answers });
  assert.match(seen.failure?.message ?? "", /seen by others/);
  const half = await run(t, createPbx, { words: "add --name Lima --username enlace", answers });
  assert.match(half.failure?.message ?? "", /--host is missing/);
});

test("an extension is set with its phones and listed", async (t) => {
  const answers = {
    "PUT /api/v1/extensions/101": { number: "101" },
    "GET /api/v1/extensions": page([{ number: "101", peers: ["101", "web-101"], name: "Ana", user_id: null }]),
  };
  const { asked } = await run(t, createExtension, { words: "set 101 --peer 101 --peer web-101 --name Ana", answers });
  assert.deepEqual(asked, ['PUT /api/v1/extensions/101 {"peers":["101","web-101"],"name":"Ana","user_id":null}']);
  const { printed } = await run(t, createExtension, { words: "list", answers });
  assert.match(printed, /^101 +101 web-101 +Ana +-/m);
});

test("where a PBX's recordings are found is shown, said and taken away", async (t) => {
  const place = { folder: "/srv/r", pbx_folder: "/var/spool/asterisk/monitor", url: null };
  const office = { id: "1", name: "office", recordings: place };
  const answers = {
    "GET /api/v1/pbxs": page([office]),
    "GET /api/v1/pbxs/1": office,
    "PATCH /api/v1/pbxs/1": { ...office, recordings: null },
  };
  const shown = await run(t, createPbx, { words: "recordings office", answers });
  assert.match(shown.printed, /looked for in \/srv\/r \(there: \/var\/spool\/asterisk\/monitor\)\.\n$/);
  const said = await run(t, createPbx, { words: "recordings office --folder /srv/r", answers });
  assert.equal(said.asked.at(-1), 'PATCH /api/v1/pbxs/1 {"recordings":{"folder":"/srv/r","url":null}}');
  const off = await run(t, createPbx, { words: "recordings office --off", answers });
  assert.equal(off.asked.at(-1), 'PATCH /api/v1/pbxs/1 {"recordings":null}');
  assert.match(off.printed, /not looked for/);
  const wrong = await run(t, createPbx, { words: "recordings office --off --url x", answers });
  assert.match(wrong.failure?.message ?? "", /--off goes with nothing else/);
});
