// A PBX that only posts events loses some: its own call records tell the rest, though nobody listens to it.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import type { Json } from "../api-client.ts";
import { eventually } from "../eventually.ts";
import { startTestEnlace } from "../harness.ts";

const TOKEN = "unit-token-A";
const enlace = await startTestEnlace({ env: { PBX_TOKEN: TOKEN, PBX_TIMEZONE: "UTC" } });
const { api } = enlace;
const folder = mkdtempSync(join(tmpdir(), "enlace-records-"));
after(() => rmSync(folder, { recursive: true, force: true }));
const NOW = Math.floor(Date.now() / 1_000);
const MINUTE = 60;

/** An incoming call to 101 of ten seconds, answered after three, as Asterisk's Master.csv has it. */
function toRow(id: string, startedAt: number): string {
  const [start, answer, end] = [0, 3, 13].map((later) =>
    new Date((startedAt + later) * 1_000).toISOString().slice(0, 19).replace("T", " "),
  );
  const name = startedAt.toString(16);
  return `"","600000001","0009001","from-trunk","<600000001>","PJSIP/trunk-${name}","PJSIP/101-${name}","Dial","PJSIP/101,20","${start}","${answer}","${end}",13,10,"ANSWERED","DOCUMENTATION","${id}","","","${id}",0`;
}
const toId = (startedAt: number): string => `${startedAt}.1`;

async function post(type: string, fields: object, sentAt: number): Promise<void> {
  const { status, body } = await enlace.as({}).post(`/${type}`, { Token: TOKEN, ...fields, SentAt: sentAt });
  assert.equal(status, 202, JSON.stringify(body));
}

/** What is posted of such a call; the hang-up, too, unless it was lost. */
async function postCall(startedAt: number, { hangsUp }: { hangsUp: boolean }): Promise<void> {
  const call = { UniqueId: toId(startedAt), Phone: "34600000001", CallType: 0, Trunk: "0009001" };
  const bridge = { ...call, BridgeUniqueid: `b-${startedAt}` };
  await post("start", call, startedAt);
  await post("dial", { ...call, Extensions: ["101"] }, startedAt);
  await post("bridge", { ...bridge, CallerIDNum: "34600000001", ConnectedLineNum: "101" }, startedAt + 3);
  if (hangsUp) await post("hangup", { ...call, Extensions: "101", CallStatus: "2" }, startedAt + 13);
}

const find = (id: string, isReady: (call: Json) => boolean): Promise<Json> =>
  eventually(async () => {
    const [call] = (await api.get(`/api/v1/calls?call_uuid=${id}`)).body.items;
    assert.ok(call && isReady(call), `${id}: ${JSON.stringify(call)}`);
    return call;
  });

async function reconcile(pbxId: string): Promise<Json> {
  const since = new Date((NOW - 60 * MINUTE) * 1_000).toISOString();
  const asked = await api.post(`/api/v1/pbxs/${pbxId}/reconcile`, { since });
  assert.equal(asked.status, 202, JSON.stringify(asked.body));
  return eventually(async () => {
    const { body } = await api.get(`/api/v1/pbxs/${pbxId}/gaps/${asked.body.id}`);
    assert.equal(body.state, "checked", JSON.stringify(body));
    return body;
  });
}

const [told, cutOff, unheard, fresh, goesOn] = [40, 35, 30, 0, 5].map((minutes) => NOW - minutes * MINUTE) as [
  number,
  number,
  number,
  number,
  number,
];

test("records cannot be asked for before anybody said where they are", async () => {
  const [{ id }] = (await api.get("/api/v1/pbxs")).body.items;
  const { status, body } = await api.post(`/api/v1/pbxs/${id}/reconcile`, {});
  assert.deepEqual([status, body.code], [409, "conflict"]);
  assert.match(body.detail, /mysql or csv/);
});

test("what was never posted is added, what lost its end gets it, and what was told or goes on is left alone", async () => {
  await postCall(told, { hangsUp: true });
  await postCall(cutOff, { hangsUp: false });
  await postCall(goesOn, { hangsUp: false });
  await find(toId(told), ({ outcome }) => outcome === "answered");
  for (const id of [cutOff, goesOn].map(toId)) await find(id, ({ outcome }) => outcome === "in_progress");
  const path = join(folder, "Master.csv");
  writeFileSync(path, [told, cutOff, unheard, goesOn, fresh].map((at) => `${toRow(toId(at), at)}\n`).join(""));
  const [{ id }] = (await api.get("/api/v1/pbxs")).body.items;
  assert.equal((await api.put(`/api/v1/pbxs/${id}/cdr`, { kind: "csv", path })).status, 200);
  const gap = await reconcile(id);
  assert.deepEqual([gap.added, gap.corrected, gap.missing], [1, 1, 2], JSON.stringify(gap));

  const added = await find(toId(unheard), ({ deliveries }) => deliveries[0]?.state === "delivered");
  assert.deepEqual(
    [added.direction, added.outcome, added.agent_extension, added.talk_seconds, added.source],
    ["inbound", "answered", "101", 10, "recovery"],
  );
  const mended = await find(toId(cutOff), ({ outcome }) => outcome === "answered");
  assert.deepEqual([mended.ended_at, mended.agent_extension], [new Date((cutOff + 13) * 1_000).toISOString(), "101"]);
  await find(toId(goesOn), ({ outcome }) => outcome === "in_progress");
  assert.deepEqual((await api.get(`/api/v1/calls?call_uuid=${toId(fresh)}`)).body.items, [], "its records may grow");
  const signals = await enlace.rows(
    "select 1 from deliveries d join calls c on c.id = d.subject_id where d.kind = 'signal' and c.call_uuid = $1",
    [toId(unheard)],
  );
  assert.deepEqual(signals, [], "what is over raises no pop-up");

  const again = await reconcile(id);
  assert.deepEqual([again.added, again.corrected, again.missing], [0, 0, 0], JSON.stringify(again));
});

test("a call that is posted after its records were read stays one call", async () => {
  await post("hangup", { UniqueId: toId(unheard), Phone: "34600000001", CallType: 0, CallStatus: "2" }, unheard + 13);
  await eventually(async () => {
    const rows = await enlace.rows("select state from hook_events where unique_id = $1", [toId(unheard)]);
    assert.deepEqual(rows, [{ state: "told" }]);
  });
  const { items } = (await api.get("/api/v1/calls?limit=200")).body;
  assert.deepEqual(items.map((item: Json) => item.call_uuid).sort(), [told, cutOff, unheard, goesOn].map(toId).sort());
});
