import assert from "node:assert/strict";
import { test } from "node:test";
import { silentLog } from "../../../test/database.ts";
import type { RowId } from "../../core/ids.ts";
import { createMetrics } from "../../kit/metrics.ts";
import { createFakePolicyRoom, toRequest } from "../policy/fake-policy-room.ts";
import type { Project } from "../project.ts";
import { createAgents } from "./agents.ts";

const NOON = new Date("2026-11-23T11:00:00Z");
const room = await createFakePolicyRoom(NOON);
let pbxIsGone = false;
const agents = createAgents({
  ...{ database: room.database, clock: room.clock, log: silentLog, metrics: createMetrics({ includeProcess: false }) },
  toChannel: ({ extension }) => {
    if (pbxIsGone) throw new Error("the PBX of the call is gone");
    return `PJSIP/${extension}`;
  },
  loadShareMax: async () => 0.03,
});
const desk = agents.observe({ id: "9", tenantId: room.tenantId, extensions: new Map() });
const owned = new AbortController();
const running = desk.run(owned.signal);
const fields = (values: Record<string, string>) => ({ get: (name: string) => values[name] });
const hear = (values: Record<string, string>): void =>
  desk.take([{ kind: "event", message: fields(values), at: NOON }]);
desk.take([{ kind: "snapshot", channels: [], at: NOON }]);
const nobody: ReadonlySet<string> = new Set();
agents.noteAway(room.tenantId, "9", nobody);

const project = await (async (): Promise<Project> => {
  const made = await room.addProject({ template: "zz-service" }, { mode: "agents" });
  await room.database.pool.query("update projects set mode = 'agents' where id = $1", [made.id]);
  return { ...made, agents: { extensions: ["101", "102"], abandonedShareMax: 0.03, waitMs: 2_000 } };
})();
const toAsk = (attemptId: string, signal: AbortSignal, except: string[] = []) => ({
  ...{ tenantId: room.tenantId, pbxId: "9" as RowId, project, attemptId, except, signal },
});

async function addAttempt(state: "dialing" | "talking", id: string): Promise<void> {
  await room.database.pool.query(
    `insert into dial_attempts (tenant_id, id, queued_at, project_id, source, number, state)
     values ($1, $2, $3, $4, 'campaign', '+34600000001', $5)`,
    [room.tenantId, id.padEnd(25, "0"), NOON, project.id, state],
  );
}

test("a line for each phone that is free, less those that ring and those whose person waits", async () => {
  assert.equal(await agents.toAgentRoom(project, NOON), 2);
  hear({ Event: "Newchannel", Uniqueid: "1.1", Channel: "PJSIP/101-0000000a" });
  assert.equal(await agents.toAgentRoom(project, NOON), 1);
  hear({ Event: "Hangup", Uniqueid: "1.1" });
  await addAttempt("dialing", "d1");
  assert.equal(await agents.toAgentRoom(project, NOON), 1);
  await addAttempt("talking", "d2");
  assert.equal(await agents.toAgentRoom(project, NOON), 0);
  await room.database.pool.query("delete from dial_attempts");
});

test("who is paused is no line to dial for and is not rung, nor anybody while nobody knows who is paused", async () => {
  agents.noteAway(room.tenantId, "9", new Set(["101"]));
  assert.equal(await agents.toAgentRoom(project, NOON), 1);
  const one = await agents.requestAgent(toAsk("a", new AbortController().signal));
  assert.equal(one?.extension, "102");
  const second = agents.requestAgent(toAsk("b", new AbortController().signal));
  agents.noteAway(room.tenantId, "9", nobody);
  assert.equal((await second)?.extension, "101", "who comes back from the pause gets the person who waits");
  (await second)?.release({ answered: true });
  one?.release({ answered: true });
  agents.noteAway(room.tenantId, "9", null);
  assert.equal(await agents.toAgentRoom(project, NOON), 0);
  agents.noteAway(room.tenantId, "9", nobody);
});

test("two persons get two phones, a third waits for the first that becomes free", async () => {
  const { signal } = new AbortController();
  const [one, two] = [await agents.requestAgent(toAsk("a", signal)), await agents.requestAgent(toAsk("b", signal))];
  assert.deepEqual([one?.channel, two?.channel].toSorted(), ["PJSIP/101", "PJSIP/102"]);
  const third = agents.requestAgent(toAsk("c", signal));
  two?.release({ answered: true });
  const found = await third;
  assert.equal(found?.extension, two?.extension);
  found?.release({ answered: true });
  one?.release({ answered: true });
});

test("who has waited long enough gets nobody, and leaves nothing kept", async () => {
  const patience = new AbortController();
  const held = [
    await agents.requestAgent(toAsk("a", patience.signal)),
    await agents.requestAgent(toAsk("b", patience.signal)),
  ];
  const waiting = agents.requestAgent(toAsk("c", patience.signal));
  patience.abort();
  assert.equal(await waiting, null);
  for (const agent of held) agent?.release({ answered: true });
  const { signal } = new AbortController();
  const next = await agents.requestAgent(toAsk("d", signal, ["101"]));
  assert.equal(next?.extension, "102");
  next?.release({ answered: true });
  next?.release({ answered: false });
  assert.equal(await agents.toAgentRoom(project, NOON), 2, "given back once");
});

test("a phone that cannot be named is given back", async () => {
  pbxIsGone = true;
  await assert.rejects(agents.requestAgent(toAsk("f", new AbortController().signal)), /is gone/);
  pbxIsGone = false;
  assert.equal(await agents.toAgentRoom(project, NOON), 2);
});

test("persons who found nobody are counted, and above the cap there are two phones for each line", async () => {
  const requests = Array.from({ length: 20 }, (_, index) => toRequest(project, `+346000000${String(index + 10)}`));
  await room.decisions.decideMany(requests, NOON);
  const told = requests.map((request, index) => ({
    ...{ ...request, id: request.attemptId, callerId: null, dialedAt: NOON, answeredAt: index < 10 ? NOON : null },
    disposition: index === 0 ? ("abandoned" as const) : index < 10 ? ("transferred" as const) : ("no_answer" as const),
  }));
  await room.decisions.noteAttempts(told);
  await room.decisions.noteAttempts(told);
  const { rows } = await room.database.pool.query("select ended, live, abandoned from agent_days");
  assert.deepEqual(rows, [{ ended: 20, live: 10, abandoned: 1 }]);
  assert.equal(await agents.toAgentRoom(project, NOON), 1);
});

test("a campaign above the cap has two phones for each line, though its project as a whole keeps it", async () => {
  const { pool } = room.database;
  const { rows: made } = await pool.query<{ id: RowId }>(
    `insert into campaigns (tenant_id, project_id, name, state, created_at, updated_at)
     values ($1, $2, 'November', 'active', $3, $3) returning id`,
    [room.tenantId, project.id, NOON],
  );
  const campaignId = made[0]?.id as RowId;
  await pool.query("update agent_days set live = 1000, abandoned = 1 where project_id = $1", [project.id]);
  assert.equal(
    await agents.toAgentRoom(project, NOON),
    2,
    "a campaign that nobody has answered has a line for each phone",
  );
  const requests = Array.from({ length: 10 }, (_, index) =>
    toRequest(project, `+346000001${String(index + 10)}`, { campaignId }),
  );
  await room.decisions.decideMany(requests, NOON);
  const told = requests.map((request, index) => ({
    ...{ ...request, id: request.attemptId, callerId: null, dialedAt: NOON, answeredAt: NOON },
    disposition: index === 0 ? ("abandoned" as const) : ("transferred" as const),
  }));
  await room.decisions.noteAttempts(told);
  await room.decisions.noteAttempts(told);
  const { rows } = await pool.query("select campaign_id, live, abandoned from agent_campaign_days");
  assert.deepEqual(rows, [{ campaign_id: campaignId, live: 10, abandoned: 1 }]);
  assert.equal(await agents.toAgentRoom(project, NOON), 1, "one in ten of its own found nobody");
  const nextMonth = new Date(NOON.getTime() + 30 * 86_400_000);
  assert.equal(await agents.toAgentRoom(project, nextMonth), 2, "that was 30 days ago");
  await pool.query("update campaigns set state = 'paused' where id = $1", [campaignId]);
  assert.equal(await agents.toAgentRoom(project, NOON), 2, "a campaign that rests holds nobody up");
});

test("a PBX that another process listens to now has no free phone here", async () => {
  owned.abort();
  await running;
  assert.equal(await agents.toAgentRoom(project, NOON), 0);
  assert.equal(await agents.requestAgent(toAsk("e", new AbortController().signal)), null);
});
