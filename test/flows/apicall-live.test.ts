// The older dialer's WebSocket: who is let in, and what whoever listens hears.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Json } from "../api-client.ts";
import { ADMIN_PASSWORD } from "../environment.ts";
import { eventually } from "../eventually.ts";
import { startTestEnlace } from "../harness.ts";

const enlace = await startTestEnlace({ env: { ENLACE_API_RATE: "1000000" } });
const { api } = enlace;
const OLDER = "/apicall/api/v1";
const credentials = { username: "admin", password: ADMIN_PASSWORD };
const { token } = (await enlace.as({}).post(`${OLDER}/login`, credentials)).body;
for (const id of [100, 200]) await api.post(`${OLDER}/proyectos`, { id, nombre: `P${id}` });

interface Listener {
  frames: Json[];
  close: Promise<number>;
  say(message: object): void;
  types(): string[];
}

function listen(protocols: string[] = []): Promise<Listener> {
  const socket = new WebSocket(`${enlace.url.replace("http", "ws")}/ws`, protocols);
  const frames: Json[] = [];
  const close = new Promise<number>((resolve) => {
    socket.onclose = ({ code }) => resolve(code);
  });
  socket.onmessage = ({ data }) =>
    frames.push(
      ...String(data)
        .split("\n")
        .map((line) => JSON.parse(line)),
    );
  const types = (): string[] => frames.map(({ type }) => type).filter((type) => type !== "stats_update");
  return new Promise((resolve) => {
    socket.onopen = () => resolve({ frames, close, types, say: (said) => socket.send(JSON.stringify(said)) });
  });
}

const figures = ({ frames }: Listener): Json[] => frames.filter(({ type }) => type === "stats_update");
const areComing = (listener: Listener, count: number): Promise<void> =>
  eventually(() => assert.ok(figures(listener).length >= count));

let calls = 0;
/** As the dial pipeline writes them down. */
async function writeCall(project: number, campaign: number | null): Promise<string> {
  const id = `d${String(++calls).padStart(24, "0")}`;
  await enlace.rows(
    `insert into dial_attempts (tenant_id, id, queued_at, project_id, campaign_id, source, number, state, dialed_at)
     select tenant_id, $1, now(), id, $2, 'campaign', '+34600000001', 'dialing', now() from projects where number = $3`,
    [id, campaign, project],
  );
  return id;
}
const end = (id: string) =>
  enlace.rows("update dial_attempts set state = 'ended', disposition = 'busy', ended_at = now() where id = $1", [id]);

test("D.A 56: whoever shows no token is closed within seconds, and a wrong one at once", async () => {
  const silent = await listen();
  const wrong = await listen(["bearer", "a.b.c"]);
  assert.equal(await wrong.close, 1008);
  const hasty = await listen();
  hasty.say({ action: "subscribe", topic: "calls" });
  assert.equal(await hasty.close, 1008);
  assert.equal(await silent.close, 1008);
});

test("D.A 56: a campaign's listener hears of that campaign's calls only, and figures again and again", async () => {
  const seventh = await listen(["bearer", token]);
  const all = await listen();
  seventh.say({ action: "subscribe", topic: "campaign:7" });
  all.say({ action: "auth", token });
  all.say({ action: "subscribe", topic: "calls" });
  await areComing(seventh, 1);
  await areComing(all, 1);
  const [one, other] = [await writeCall(100, 7), await writeCall(100, 8)];
  await eventually(() => assert.deepEqual(all.types(), ["call_start", "call_start"]));
  await end(one);
  await end(other);
  await eventually(() => assert.deepEqual(all.types(), ["call_start", "call_start", "call_end", "call_end"]));
  await areComing(seventh, figures(seventh).length + 2); // whatever was told of the others would be here by now
  assert.deepEqual(seventh.types(), ["call_start", "call_end"]);
  const [start, finish] = seventh.frames.filter(({ type }) => type !== "stats_update");
  assert.deepEqual([start?.data.id, start?.data.campaign_id, start?.data.status], [one, 7, "DIALING"]);
  assert.deepEqual([finish?.data.disposition, finish?.data.status], ["B", "COMPLETED"]);
  assert.ok(Date.parse(start?.timestamp) > 0);
  assert.deepEqual(Object.keys(figures(seventh)[0]?.data), ["active_calls", "cps", "queue"]);
});

test("a supervisor hears nothing of a project that is another's, whatever the topic", async () => {
  await api.post(`${OLDER}/users`, { username: "sonia", password: ADMIN_PASSWORD, role: "supervisor" });
  const [user] = (await api.get(`${OLDER}/users`)).body.filter(({ username }: Json) => username === "sonia");
  const [project] = (await api.get("/api/v1/projects?number=100")).body.items;
  await api.put(`/api/v1/projects/${project.id}/users`, { user_ids: [String(user.id)] });
  const login = await enlace.as({}).post(`${OLDER}/login`, { username: "sonia", password: ADMIN_PASSWORD });
  const hers = await listen(["bearer", login.body.token]);
  for (const topic of ["calls", "project:100", "project:200"]) hers.say({ action: "subscribe", topic });
  await areComing(hers, 1);
  await writeCall(200, null);
  const own = await writeCall(100, null);
  await eventually(() => assert.ok(hers.types().length > 0));
  await areComing(hers, figures(hers).length + 2);
  assert.deepEqual(hers.types(), ["call_start"]);
  assert.equal(hers.frames.find(({ type }) => type === "call_start")?.data.id, own);
});

test("what is no message ends the connection", async () => {
  const listener = await listen(["bearer", token]);
  listener.say({ action: "subscribe", topic: "campaign:'; drop table users" });
  assert.equal(await listener.close, 1008);
});
