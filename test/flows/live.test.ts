// The live view: who listens hears of calls as they come and go, of what the role may see, until the session ends.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Json } from "../api-client.ts";
import { ADMIN_PASSWORD } from "../environment.ts";
import { type Heard, hear, listen as listenTo, logInToken } from "../event-listener.ts";
import { eventually } from "../eventually.ts";
import { FAST, startTestEnlace } from "../harness.ts";

const enlace = await startTestEnlace({ clockFactor: FAST });

const logIn = (username?: string): Promise<string> => logInToken(enlace, username);
const listen = (token: string, headers?: Record<string, string>): Promise<Heard> => listenTo(enlace, token, headers);

const running = (uuid: string, changes: object = {}) => ({
  ...{ call_uuid: uuid, from: "+34600000010", to: "+34900112233", direction: "inbound", status: "ringing" },
  start_time: new Date().toISOString(),
  ...changes,
});

test("a listener hears of calls that ring, talk and end, and of lanes; who asks once gets the same picture", async () => {
  const heard = await listen(await logIn());
  assert.equal(heard.status, 200);
  const { data } = await hear(heard, "calls");
  assert.deepEqual(data, { calls: [], more: false });
  await enlace.postCall(running("live-1"));
  const { data: rings } = await hear(heard, "change", ({ set }) => set.length > 0);
  assert.equal(rings.set[0].state, "ringing");
  await enlace.postCall(running("live-1", { status: "in-progress", answer_time: new Date().toISOString() }));
  await hear(heard, "change", ({ set }) => set[0]?.state === "talking");
  const once = await enlace.api.get("/api/v1/live");
  assert.deepEqual(
    once.body.calls.map(({ from, state }: Json) => [from, state]),
    [["+34600000010", "talking"]],
  );
  assert.deepEqual([once.body.lanes[0].name, once.body.pbxs], ["Vtiger", []]);
  await enlace.postCall(running("live-1", { status: "completed", end_time: new Date().toISOString() }));
  const { data: ends } = await hear(heard, "change", ({ gone }) => gone.length > 0);
  assert.deepEqual(ends.gone, [once.body.calls[0].id]);
  const { data: lanes } = await hear(heard, "lanes");
  assert.deepEqual([lanes.items[0].name, "settings" in lanes.items[0]], ["Vtiger", false]);
  await hear(heard, "pbxs");
  heard.leave();
});

test("who comes back knowing the latest is not told it again, and who missed something gets the whole picture", async () => {
  const token = await logIn();
  const other = await listen(token); // keeps the watch awake
  const { id = "" } = await hear(other, "calls");
  const knowing = await listen(token, { "last-event-id": id });
  await hear(knowing, "lanes");
  assert.deepEqual(
    knowing.events.filter(({ name }) => name === "calls"),
    [],
  );
  await enlace.postCall(running("live-2"));
  const { id: second = "" } = await hear(knowing, "change");
  await enlace.postCall(running("live-2b"));
  await hear(knowing, "change", ({ set }) => set[0]?.to === "+34900112233" && knowing.events.at(-1)?.id !== second);
  const stale = await listen(token, { "last-event-id": id });
  const { data } = await hear(stale, "calls");
  assert.equal(data.calls.length, 2);
  for (const heard of [other, knowing, stale]) heard.leave();
});

test("agents hear of calls, not of lanes; another tenant hears of nothing", async () => {
  await enlace.api.post("/api/v1/users", { username: "listener", role: "agent", password: ADMIN_PASSWORD });
  const admin = { username: "elsewhere", password: ADMIN_PASSWORD };
  const tenant = { number: "2", name: "Elsewhere", time_zone: "UTC", country: "ES", language: "en", admin };
  assert.equal((await enlace.api.post("/api/v1/tenants", tenant)).status, 201);
  await enlace.postCall(running("live-3"));
  const [agent, stranger] = [await listen(await logIn("listener")), await listen(await logIn("elsewhere"))];
  await hear(agent, "calls", ({ calls }) => calls.length > 0);
  const { data } = await hear(stranger, "calls");
  assert.deepEqual(data.calls, []);
  await hear(stranger, "lanes", ({ items }) => items.length === 0);
  await hear(agent, "beat");
  assert.deepEqual(
    agent.events.filter(({ name }) => name === "lanes" || name === "pbxs"),
    [],
  );
  agent.leave();
  stranger.leave();
});

test("a stream ends with its session", async () => {
  const token = await logIn();
  const heard = await listen(token);
  await hear(heard, "calls");
  const { status } = await enlace.as({ authorization: `Bearer ${token}` }).post("/api/v1/logout");
  assert.equal(status, 204);
  await eventually(() => assert.ok(heard.isOver));
});

test("one person has at most ten live views, and who closes one may open another", async () => {
  const token = await logIn("listener");
  const views = await Promise.all(Array.from({ length: 10 }, () => listen(token)));
  assert.deepEqual([...new Set(views.map(({ status }) => status))], [200]);
  assert.equal((await listen(token)).status, 429);
  views[0]?.leave();
  await eventually(async () => assert.equal((await listen(token)).status, 200));
});

test("a server that stops ends its streams, and does not wait for their listeners", async () => {
  const heard = await listen(await logIn());
  await hear(heard, "calls");
  await enlace.stop();
  await eventually(() => assert.ok(heard.isOver));
});
