// The whole Enlace beside the world of a test: it listens to the same PBX, keeps the calls and delivers them to two connectors.
import assert from "node:assert/strict";
import { after } from "node:test";
import { type FakeWebhook, startFakeWebhook } from "../../../src/connectors/webhook/fake-webhook.ts";
import type { Call } from "../../../src/core/call.ts";
import { toPartyText } from "../../../src/core/phone-number.ts";
import type { Json } from "../../api-client.ts";
import { eventually } from "../../eventually.ts";
import { startTestEnlace, type TestEnlace } from "../../harness.ts";
import { AMI_SECRET, type Asterisk } from "./asterisk.ts";

export interface Product {
  enlace: TestEnlace;
  receiver: FakeWebhook;
  /**
   * That Enlace keeps exactly these calls since it was last asked, that Vtiger has one record of each that concerns customers
   * and the webhook's receiver its last state, and that neither heard of the others.
   */
  check(calls: ReadonlyMap<string, Call>, slackSeconds?: number): Promise<void>;
  /** From here on only later calls count. */
  forget(): Promise<void>;
  /** As the API shows it, with its details and timeline. */
  show(callUuid: string): Promise<Json>;
}

const SECRET = "a secret of the receiver";

export async function openProduct(asterisk: Asterisk): Promise<Product> {
  const receiver = await startFakeWebhook({ secret: SECRET });
  const enlace = await startTestEnlace({ env: { ENLACE_COUNTRY: "ES", ENLACE_API_RATE: "100000" } });
  after(() => receiver.stop());
  const { api } = enlace;
  const settings = { url: receiver.url, secret: SECRET };
  const made = await api.post("/api/v1/connections", { connector: "webhook", name: "receiver", settings });
  assert.equal(made.status, 201, JSON.stringify(made.body));
  for (const extension of ["101", "102", "103"]) await api.put(`/api/v1/extensions/${extension}`, {});
  const address = { host: "127.0.0.1", port: asterisk.amiPort, username: "enlace", secret: AMI_SECRET };
  const added = await api.post("/api/v1/pbxs", { name: "main", ...address, trunks: ["trunk", "carrier", "spare"] });
  assert.equal(added.status, 201, JSON.stringify(added.body));
  const seen = new Set<string>();

  const list = async (): Promise<Json[]> => (await api.get("/api/v1/calls?limit=200")).body.items;

  /** `slackSeconds`: how far the other listener's count of the talk may be from ours. */
  async function check(calls: ReadonlyMap<string, Call>, slackSeconds = 1): Promise<void> {
    const kept = await eventually(async () => {
      const news = (await list()).filter(({ call_uuid }) => !seen.has(call_uuid));
      assert.deepEqual(news.map(({ call_uuid }) => call_uuid).sort(), [...calls.keys()].sort(), "exactly these calls");
      for (const item of news) {
        assert.notEqual(item.outcome, "in_progress");
        for (const { state } of item.deliveries) assert.equal(state, "delivered");
      }
      return news;
    });
    for (const item of kept) {
      seen.add(item.call_uuid);
      checkItem(item, calls.get(item.call_uuid) as Call, slackSeconds);
    }
  }

  function checkItem(item: Json, call: Call, slackSeconds: number): void {
    const uuid: string = item.call_uuid;
    assert.deepEqual(toFacts(item), describeCall(call), uuid);
    assert.ok(
      Math.abs((item.talk_seconds ?? 0) - (call.talkSeconds ?? 0)) <= slackSeconds,
      `${uuid} ${item.talk_seconds} s`,
    );
    const records = enlace.crm.records("PBXManager").filter(({ fields }) => fields.sourceuuid === uuid);
    const messages = receiver.received
      .map(({ body }) => body as { type: string; data: Json })
      .filter(({ data }) => data.call_uuid === uuid);
    if (call.direction === "internal") {
      assert.deepEqual([item.deliveries, records, messages], [[], [], []], "colleagues among themselves");
      return;
    }
    assert.equal(records.length, 1, `one record of ${uuid}`);
    const last = messages.at(-1);
    assert.equal(last?.type, "call.ended");
    assert.deepEqual(toFacts(last?.data), describeCall(call), `what the receiver got of ${uuid}`);
  }

  const forget = (): Promise<void> =>
    eventually(async () => {
      const items = await list();
      assert.ok(!items.some(({ outcome }) => outcome === "in_progress"), "calls of an earlier scenario go on");
      for (const { call_uuid } of items) seen.add(call_uuid);
    });

  const show = async (callUuid: string): Promise<Json> => {
    const [item] = (await api.get(`/api/v1/calls?call_uuid=${callUuid}`)).body.items;
    return (await api.get(`/api/v1/calls/${item.id}`)).body;
  };
  await eventually(async () => {
    const [pbx] = (await api.get("/api/v1/pbxs")).body.items;
    assert.equal(pbx.status.state, "ready");
  });
  return { enlace, receiver, check, forget, show };
}

const toFacts = ({ direction, from, to, outcome, agent_extension, trunk }: Json): unknown[] => [
  ...[direction, from, to, outcome, agent_extension, trunk],
];

const describeCall = ({ direction, from, to, outcome, agentExtension, trunk }: Call): unknown[] => [
  ...[direction, from && toPartyText(from), to && toPartyText(to), outcome, agentExtension, trunk],
];
