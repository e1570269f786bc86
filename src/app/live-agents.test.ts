import assert from "node:assert/strict";
import { test } from "node:test";
import type { LiveCall } from "../calls/live/schema.ts";
import type { RowId } from "../core/ids.ts";
import type { StoredPhone } from "../telephony/phones/store.ts";
import { toAgents, toOwn } from "./live-agents.ts";

const at = "2026-11-22T10:00:00.000Z";
const call = (changes: Partial<LiveCall>): LiveCall => ({
  ...{ id: "7", direction: "inbound", from: "+34600000011", to: "+34900112233", state: "talking" },
  ...{ agent_extension: "101", trunk: null, pbx: "main", started_at: at, answered_at: at },
  ...changes,
});
const phone = (changes: Partial<StoredPhone>): StoredPhone => ({
  ...{ pbxId: "1" as RowId, extension: "101", state: "free", sinceAt: new Date(at), other: null },
  ...{ paused: false, pauseReason: null, restsUntilAt: null },
  ...changes,
});
const PROJECT = { id: "4" as RowId, name: "Sales", extensions: ["101"] };
const NOBODY = { extensions: [], phones: [], calls: [], projects: [] };

test("without a word of a PBX a call says who talks with whom, and nobody else is known of", () => {
  const extensions = [{ number: "102", name: "Luis" }];
  const [ana, luis] = toAgents({ ...NOBODY, extensions, calls: [call({})] });
  assert.deepEqual([ana?.extension, ana?.state, ana?.with, ana?.since], ["101", "talking", "+34600000011", at]);
  assert.deepEqual([luis?.name, luis?.state, luis?.since], ["Luis", "unknown", null]);
});

test("a phone's own state counts: who hung up is free though the call is not over", () => {
  const extensions = [{ number: "101", name: "" }];
  const [ana] = toAgents({ ...NOBODY, extensions, phones: [phone({})], calls: [call({})] });
  assert.deepEqual([ana?.state, ana?.with, ana?.call_id], ["free", null, null]);
});

test("who calls out talks with whom was called, and a phone in use counts before the same one elsewhere", () => {
  const phones = [phone({ pbxId: "2" as RowId }), phone({ state: "talking" })];
  const calls = [call({ direction: "outbound", from: "101", to: "+34600000012" })];
  const [ana] = toAgents({ ...NOBODY, phones, calls });
  assert.deepEqual([ana?.state, ana?.with, ana?.call_id], ["talking", "+34600000012", "7"]);
});

test("who works for a campaign is ready when free, not while left alone, and unknown where nothing was heard", () => {
  const projects = [{ id: "4" as RowId, name: "Sales", extensions: ["101", "102", "103"] }];
  const phones = [phone({}), phone({ extension: "102", restsUntilAt: new Date(at) })];
  const agents = toAgents({ ...NOBODY, phones, projects });
  assert.deepEqual(
    agents.map(({ extension, campaigns }) => [extension, campaigns?.ready, campaigns?.rests_until]),
    [
      ["101", true, null],
      ["102", false, at],
      ["103", null, null],
    ],
  );
});

test("whoever talks on another project's call is seen to talk, but not with whom", () => {
  const [own, foreign] = [call({}), call({ id: "8", agent_extension: "102", from: "+34600000012" })];
  const phones = [phone({ state: "talking" }), phone({ extension: "102", state: "talking" })];
  const agents = toAgents({ ...NOBODY, phones, calls: [own, foreign] });
  const seen = agents.map((agent) => toOwn(agent, { projects: new Set(), calls: [own], hidesCalls: true }));
  assert.deepEqual(
    seen.map(({ extension, state, with: other, call_id }) => [extension, state, other, call_id]),
    [
      ["101", "talking", "+34600000011", "7"],
      ["102", "talking", null, null],
    ],
  );
});

test("a number that only the PBX tells of is hidden where it may be of a hidden call, and told where none is hidden", () => {
  const [ana] = toAgents({ ...NOBODY, phones: [phone({ state: "ringing", other: "600000012" })], projects: [PROJECT] });
  assert.ok(ana);
  const part = { projects: new Set<RowId>(), calls: [], hidesCalls: false };
  assert.equal(toOwn(ana, part).with, "600000012");
  assert.equal(toOwn(ana, { ...part, hidesCalls: true }).with, null);
});

test("of an agent's projects a supervisor sees their own", () => {
  const [ana] = toAgents({ ...NOBODY, projects: [PROJECT, { ...PROJECT, id: "5" as RowId, name: "Care" }] });
  assert.ok(ana);
  const seen = (ids: string[]) =>
    toOwn(ana, { projects: new Set(ids as RowId[]), calls: [], hidesCalls: false }).campaigns?.projects;
  assert.deepEqual(seen(["5"]), [{ id: "5", name: "Care" }]);
  assert.equal(seen(["6"]), undefined);
});
