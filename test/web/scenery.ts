// A call centre in the middle of its day, for looking at every screen: made-up people and numbers.
import assert from "node:assert/strict";
import { eventually } from "../eventually.ts";
import type { Console } from "./console.ts";

const CALLS = 14;
const MINUTE_MS = 60_000;
const DESKS = ["1001", "1002", "1003"];
const OUTCOMES = ["completed", "completed", "missed", "completed", "busy"];

export async function addScenery({ enlace, addUser }: Console): Promise<{ callId: string }> {
  const { crm, api, postCall } = enlace;
  crm.addContact({ firstname: "Ana", lastname: "Prueba", phone: "+34600000010" });
  const nowMs = Date.now();
  const ago = (minutes: number): string => new Date(nowMs - minutes * MINUTE_MS).toISOString();
  const toNumber = (order: number): string => `+346000000${order}`;
  for (let order = 0; order < CALLS; order += 1) {
    const isOutbound = order % 4 === 3;
    const [customer, office] = [toNumber(10 + order), "+34900112233"];
    await postCall({
      call_uuid: `scene-${order}`,
      from: isOutbound ? office : customer,
      to: isOutbound ? customer : office,
      direction: isOutbound ? "outbound" : "inbound",
      status: OUTCOMES[order % OUTCOMES.length],
      start_time: ago(12 + order * 9),
      end_time: ago(9 + order * 9),
      agent_ext: DESKS[order % DESKS.length],
      trunk: "provider-a",
      recording_url: `https://pbx.example.test/recordings/scene-${order}.mp3`,
    });
  }
  // The fault is meant for the next call alone: those before it must be over.
  await eventually(() => assert.equal(crm.records().length, CALLS), { timeoutMs: 60_000 });
  crm.faults.add({ kind: "trace", operation: "create" });
  await postCall({
    call_uuid: "scene-dead",
    from: "+34600000041",
    to: "+34900112233",
    direction: "inbound",
    status: "completed",
    start_time: ago(6),
    end_time: ago(5),
  });
  const running = { to: "+34900112233", direction: "inbound" };
  await postCall({
    ...running,
    call_uuid: "scene-live-1",
    from: "+34600000051",
    start_time: ago(1),
    status: "ringing",
  });
  await postCall({
    ...running,
    call_uuid: "scene-live-2",
    from: "+34600000052",
    start_time: ago(3),
    answer_time: ago(2),
    status: "in-progress",
    agent_ext: "1002",
  });
  for (const [order, number] of DESKS.entries()) {
    await api.put(`/api/v1/extensions/${number}`, { name: `Desk ${order + 1}`, peers: [number] });
  }
  await api.post("/api/v1/pbxs", {
    name: "madrid",
    host: "127.0.0.1",
    port: 1,
    username: "enlace",
    secret: "a made-up secret",
  });
  await api.post("/api/v1/api-keys", { name: "wallboard", scopes: ["calls:read"] });
  await addUser("sofia", "supervisor");
  await addUser("carlos", "agent");
  return await eventually(async () => {
    const { body } = await api.get("/api/v1/calls?number=%2B34600000010");
    assert.equal(body.items[0]?.deliveries[0]?.state, "delivered");
    const dead = await api.get("/api/v1/deliveries?state=dead");
    assert.equal(dead.body.items.length, 1);
    return { callId: body.items[0].id };
  });
}
