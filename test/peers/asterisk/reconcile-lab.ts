// What the suites of reconciliation share: an Enlace that hears a real Asterisk over a line which can be cut, and how its log is
// compared with what somebody who never lost the connection saw.
import assert from "node:assert/strict";
import { join } from "node:path";
import type { Call } from "../../../src/core/call.ts";
import { toPartyText } from "../../../src/core/phone-number.ts";
import type { Database } from "../../../src/kit/postgres/database.ts";
import type { Json } from "../../api-client.ts";
import { eventually } from "../../eventually.ts";
import { startTestEnlace, type TestEnlace } from "../../harness.ts";
import { AMI_SECRET, type Asterisk } from "./asterisk.ts";

export const SLOW = { timeoutMs: 90_000 };

export async function startEnlace(port: number, database: Database): Promise<TestEnlace> {
  const env = {
    AMI_HOST: "127.0.0.1",
    AMI_PORT: String(port),
    AMI_USERNAME: "enlace",
    AMI_SECRET,
    PBX_TIMEZONE: "UTC",
  };
  const enlace = await startTestEnlace({ database, env });
  await isReady(enlace);
  return enlace;
}

/** Connected, since then or later: changed settings are a new connection. */
export const isReady = ({ api }: TestEnlace, sinceMs = 0) =>
  eventually(async () => {
    const [{ status }] = (await api.get("/api/v1/pbxs")).body.items;
    assert.equal(status.state, "ready");
    assert.ok(Date.parse(status.since) > sinceMs, "still the old connection");
  }, SLOW);

export async function tellOfPhones(enlace: TestEnlace): Promise<string> {
  const { api } = enlace;
  for (const extension of ["101", "102", "103"]) await api.put(`/api/v1/extensions/${extension}`, {});
  const [{ id }] = (await api.get("/api/v1/pbxs")).body.items;
  await api.patch(`/api/v1/pbxs/${id}`, { trunks: ["trunk"] });
  return id;
}

export const toCsv = (asterisk: Asterisk): Json => ({
  kind: "csv",
  path: join(asterisk.folder, "var/log/asterisk/cdr-csv"),
});

/** Where the records of its calls are; resolves once it listens with that. */
export async function readFrom(enlace: TestEnlace, { id, cdr }: { id: string; cdr: Json }): Promise<void> {
  const beforeMs = Date.now();
  const { status, body } = await enlace.api.put(`/api/v1/pbxs/${id}/cdr`, cdr);
  assert.equal(status, 200, JSON.stringify(body));
  await isReady(enlace, beforeMs);
}

const describe = (call: Call): string =>
  `${call.direction} ${call.from && toPartyText(call.from)} > ${call.to && toPartyText(call.to)} ${call.outcome} by ${call.agentExtension} on ${call.trunk}`;
const describeItem = (item: Json): string =>
  `${item.direction} ${item.from} > ${item.to} ${item.outcome} by ${item.agent_extension} on ${item.trunk}`;

/** What somebody who never lost the connection saw, beside what stands in the log: the same calls, each once. */
export async function assertSameCalls({ api }: TestEnlace, truth: ReadonlyMap<string, Call>): Promise<Json[]> {
  const wanted = [...truth].map(([id, call]) => `${id} ${describe(call)}`).sort();
  const items = await eventually(async () => {
    const found: Json[] = (await api.get("/api/v1/calls?limit=200")).body.items;
    assert.deepEqual(found.map((item) => `${item.call_uuid} ${describeItem(item)}`).sort(), wanted);
    return found;
  }, SLOW);
  for (const item of items) {
    const call = truth.get(item.call_uuid);
    assert.ok(
      Math.abs((item.talk_seconds ?? 0) - (call?.talkSeconds ?? 0)) <= 2,
      `${describeItem(item)}: ${item.talk_seconds} s`,
    );
    assert.ok(Math.abs(Date.parse(item.ended_at) - (call?.endedAt?.getTime() ?? 0)) <= 2_000, `${item.ended_at}`);
  }
  return items;
}

export const findGap = (enlace: TestEnlace, pbxId: string, reason: string): Promise<Json> =>
  eventually(async () => {
    const { items } = (await enlace.api.get(`/api/v1/pbxs/${pbxId}/gaps`)).body;
    const gap = items.find((each: Json) => each.reason === reason && each.state !== "open");
    assert.ok(gap, JSON.stringify(items));
    return gap;
  }, SLOW);
