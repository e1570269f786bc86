// How fast and how many: limits that hold in any second, calls that wait and are not lost, a queue that says when it is full.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { createApiClient, type Json, logIn } from "../api-client.ts";
import { startDialPbx } from "../dial-pbx.ts";
import { createDialerFixture } from "../dialer-fixture.ts";
import { ADMIN_PASSWORD } from "../environment.ts";
import { eventually } from "../eventually.ts";
import { startTestEnlace } from "../harness.ts";

const pbx = await startDialPbx();
const AMI = {
  AMI_HOST: "127.0.0.1",
  AMI_PORT: String(pbx.ami.port),
  AMI_USERNAME: "enlace",
  AMI_SECRET: "test-secret",
};
const enlace = await startTestEnlace({ env: AMI });
after(() => pbx.ami.stop()); // Enlace ends before it
const { api, url } = enlace;
const house = await createDialerFixture(enlace);
const trunkId = await house.createTrunk("carrier");
const projectOver = async (id: string, name: string, fields = {}): Promise<string> =>
  (await house.createProject(name, { trunks: [{ trunk_id: id, weight: 1 }], ...fields })).id;
const projectId = await projectOver(trunkId, "Reminders");

const setLimits = async (limits: object): Promise<Json> => {
  const { status, body } = await api.put("/api/v1/dialer/limits", limits);
  assert.equal(status, 200, JSON.stringify(body));
  return body;
};
const numbers = (from: number, count: number): string[] =>
  Array.from({ length: count }, (_, index) => `+3460000${String(from + index).padStart(4, "0")}`);

test("D.A 29: five a second are five in any second, and a new limit holds without a restart", async () => {
  await setLimits({ per_second: 5 });
  pbx.fateOf = () => ({ does: "answer", talkMs: 10 });
  const asked = await Promise.all(numbers(100, 12).map((number) => house.dial(projectId, number)));
  const ended = await Promise.all(asked.map(({ attempt_id }) => house.ended(attempt_id)));
  const starts = ended.map(({ dialed_at }) => Date.parse(dialed_at)).sort((a, b) => a - b);
  for (const [index, at] of starts.entries()) {
    const inSecond = starts.slice(index).filter((other) => other < at + 1_000).length;
    assert.ok(inSecond <= 5, `${inSecond} calls began within a second`);
  }
  await setLimits({ per_second: 500 });
  const more = await Promise.all(numbers(200, 40).map((number) => house.dial(projectId, number)));
  await Promise.all(more.map(({ attempt_id }) => house.ended(attempt_id)));
});

test("D.A 30: a call for which the trunk has no room waits, and starts when another is hung up", async () => {
  const small = await projectOver(await house.createTrunk("small", { channels_max: 2 }), "Small");
  pbx.fateOf = () => ({ does: "ring" });
  const asked = [];
  for (const number of numbers(300, 3)) asked.push(await house.dial(small, number));
  await eventually(() => assert.equal(pbx.calls.filter(({ trunk }) => trunk === "small").length, 2));
  await eventually(async () => {
    const { body } = await api.get("/api/v1/dialer/live");
    assert.deepEqual([body.queued, body.trunks.find((each: Json) => each.calls === 2)?.calls], [1, 2]);
  });
  const [first] = pbx.calls.filter(({ trunk }) => trunk === "small");
  first?.answer();
  await eventually(async () => assert.equal((await house.attempt(first?.id ?? "")).state, "talking"));
  assert.equal(pbx.calls.filter(({ trunk }) => trunk === "small").length, 2, "a conversation keeps its slot");
  first?.hangUp();
  await eventually(() => assert.equal(pbx.calls.filter(({ trunk }) => trunk === "small").length, 3));
  for (const call of pbx.calls) call.hangUp(17);
  for (const { attempt_id } of asked) await house.ended(attempt_id);
});

test("D.A 25: a full queue says so, and when to come again; nothing is left of the call", async () => {
  const idle = await projectOver(await house.createTrunk("idle", { channels_max: 1 }), "Idle");
  pbx.fateOf = () => ({ does: "ring" });
  await setLimits({ queue_max: 2 });
  const before = (await house.attempts(`project_id=${idle}`)).length;
  const taken = [];
  let refused: Awaited<ReturnType<typeof api.post>> | undefined;
  for (const number of numbers(400, 10)) {
    const answer = await api.post("/api/v1/dial", { project_id: idle, number });
    if (answer.status === 503) {
      refused = answer;
      break;
    }
    taken.push(answer.body.attempt_id);
  }
  assert.ok(refused, "the queue never was full");
  assert.match(refused.headers.get("retry-after") ?? "", /^\d+$/);
  assert.equal((await house.attempts(`project_id=${idle}`)).length, before + taken.length);
  await setLimits({ queue_max: 10_000 });
  pbx.fateOf = () => ({ does: "fail", cause: 17 });
  for (const call of pbx.calls) call.hangUp(17);
  for (const id of taken) await house.ended(id);
});

test("D.A 26: the same key is the same call, also when it is sent twice at once; another's key is another call", async () => {
  pbx.fateOf = () => ({ does: "answer", talkMs: 5 });
  const token = await tokenOf("admin");
  const ask = (key: string) =>
    createApiClient(url, { ...token, "idempotency-key": key }).post("/api/v1/dial", {
      project_id: projectId,
      number: "+34600000500",
    });
  const [one, two] = await Promise.all([ask("order-1"), ask("order-1")]);
  const three = await ask("order-1");
  assert.deepEqual(
    [one, two, three].map(({ status, body }) => [status, body.attempt_id]),
    Array.from({ length: 3 }, () => [202, one.body.attempt_id]),
  );
  assert.equal([one, two, three].filter(({ body }) => body.is_new).length, 1);
  await house.ended(one.body.attempt_id);
  assert.equal(pbx.calls.filter(({ number }) => number === "34600000500").length, 1);
  assert.notEqual((await ask("order-2")).body.attempt_id, one.body.attempt_id);
});

test("D.A 22, 27: refusals come in their order: the number, the project, the address, the list, what the project can", async () => {
  const guarded = await projectOver(trunkId, "Guarded", { allowed_addresses: ["192.0.2.0/24"] });
  const bare = (await house.createProject("Bare")).id;
  const dial = async (project_id: string, number: string): Promise<number> =>
    (await api.post("/api/v1/dial", { project_id, number })).status;
  assert.equal(await dial(projectId, "1\nApplication: System"), 422);
  assert.equal(await dial("999999", "+34600000600"), 404);
  assert.equal(await dial(guarded, "+34600000600"), 403);
  assert.equal(await dial(bare, "+34600000600"), 409);
  await api.post("/api/v1/suppressions", { number: "+34600000601", scope: "global", reason: "asked us" });
  assert.equal(await dial(projectId, "+34600000601"), 403);
  assert.equal(pbx.calls.filter(({ number }) => number.startsWith("346000006")).length, 0);
});

test("supervisors dial for their own projects only, and see no others' attempts; agents not at all", async () => {
  const create = async (username: string, role: string): Promise<Json> => {
    const { body } = await api.post("/api/v1/users", { username, role, password: ADMIN_PASSWORD });
    return { id: body.id, client: await logIn(url, username, ADMIN_PASSWORD) };
  };
  const [sofia, ana] = [await create("sofia", "supervisor"), await create("ana", "agent")];
  const own = await projectOver(trunkId, "Sofia's");
  assert.equal((await api.put(`/api/v1/projects/${own}/users`, { user_ids: [sofia.id] })).status, 200);
  const body = { project_id: own, number: "+34600000700" };
  const asked = await sofia.client.post("/api/v1/dial", body);
  assert.equal(asked.status, 202);
  assert.equal((await sofia.client.post("/api/v1/dial", { ...body, project_id: projectId })).status, 404);
  assert.equal((await ana.client.post("/api/v1/dial", body)).status, 403);
  await house.ended(asked.body.attempt_id);
  const seen = (await sofia.client.get("/api/v1/attempts")).body.items;
  assert.deepEqual(new Set(seen.map(({ project_id }: Json) => project_id)), new Set([own]));
  const [other] = await house.attempts(`project_id=${projectId}`);
  assert.equal((await sofia.client.get(`/api/v1/attempts/${other.id}`)).status, 404);
});

test("attempts are listed by page, latest first, and by what became of them", async () => {
  const first = (await api.get(`/api/v1/attempts?limit=5&disposition=answered`)).body;
  assert.equal(first.items.length, 5);
  const next = (await api.get(`/api/v1/attempts?limit=5&disposition=answered&cursor=${first.next_cursor}`)).body;
  const times = [...first.items, ...next.items].map(({ queued_at }: Json) => queued_at);
  assert.deepEqual(times, times.toSorted().reverse());
  assert.equal(new Set([...first.items, ...next.items].map(({ id }: Json) => id)).size, 10);
});

test("what is going on is told to Prometheus", async () => {
  const text = (await createApiClient(url, {}).get("/metrics")).body as string;
  const counted = ["calls_started_total", "calls_finished_total", "dropped_updates_total", "batch_flush_seconds"];
  for (const name of [...counted, "active_channels", "queue_depth", "cps_current"])
    assert.match(text, new RegExp(`^# TYPE enlace_dialer_${name} `, "m"));
  assert.match(text, /enlace_dialer_calls_finished_total\{disposition="answered"\} \d+/);
});

async function tokenOf(username: string): Promise<Record<string, string>> {
  const { body } = await createApiClient(url, {}).post("/api/v1/login", { username, password: ADMIN_PASSWORD });
  return { authorization: `Bearer ${body.token}` };
}
