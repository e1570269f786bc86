// Somebody records what a PBX says and replays it: the same call, and nobody's number.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { type FakeFields, startFakeAmi } from "../../src/telephony/ami/fake-ami.ts";
import { replayTrace } from "../../src/telephony/trace/replay.ts";
import { eventually } from "../eventually.ts";
import { startTestEnlace } from "../harness.ts";

const pbx = await startFakeAmi();
const enlace = await startTestEnlace({
  env: { AMI_HOST: "127.0.0.1", AMI_PORT: String(pbx.port), AMI_USERNAME: "enlace", AMI_SECRET: "test-secret" },
});
after(() => pbx.stop()); // Enlace ends before it
const FIXTURE = join(import.meta.dirname, "../../src/telephony/tracker/fixtures/answered.jsonl");
const TOLD: FakeFields[] = readFileSync(FIXTURE, "utf8")
  .trim()
  .split("\n")
  .map((line) => {
    const { ms: _, ...fields } = JSON.parse(line);
    return fields;
  });

test("a trace of a call replays as that call, without its numbers; who recorded is kept", async () => {
  const [{ id }] = (await enlace.api.get("/api/v1/pbxs")).body.items;
  await eventually(() => assert.ok(pbx.connections() >= 1));
  const { body: key } = await enlace.api.post("/api/v1/api-keys", { name: "trace", scopes: ["pbxs:write"] });
  const before = pbx.connections();
  const answering = fetch(`${enlace.url}/api/v1/pbxs/${id}/trace`, {
    method: "POST",
    headers: { "x-api-key": key.key, "content-type": "application/json" },
    body: JSON.stringify({ seconds: 2 }),
  });
  const answer = await answering;
  assert.equal(answer.status, 200, answer.ok ? "" : await answer.text());
  assert.equal(answer.headers.get("content-type"), "application/x-ndjson");
  assert.ok(pbx.connections() > before, "it has a connection of its own");
  for (const fields of TOLD) pbx.event(fields);
  const text = await answer.text();
  assert.match(text, /"Why":"the time is over"/);
  const { calls } = replayTrace(text, { country: "ES" });
  assert.deepEqual([calls.length, calls[0]?.call.outcome, calls[0]?.call.agentExtension], [1, "answered", "101"]);
  for (const number of JSON.stringify(TOLD).match(/\d{6,}/g) ?? []) assert.ok(!text.includes(number), number);
  const [deed] = await enlace.rows("select target from audit_log where action = 'pbx.trace'");
  assert.deepEqual(deed, { target: `pbx:${id}` });
});

test("a PBX that is away cannot be recorded, and that is said before anything else", async () => {
  const { body: made } = await enlace.api.post("/api/v1/pbxs", {
    ...{ name: "Away", host: "127.0.0.1", port: 1, username: "enlace", secret: "x" },
  });
  const { status, body } = await enlace.api.post(`/api/v1/pbxs/${made.id}/trace`, { seconds: 1 });
  assert.deepEqual([status, body.code], [503, "unavailable"], JSON.stringify(body));
});
