// A call that a real Asterisk records is heard through Enlace: found by the name Asterisk tells, complete, by right and by link.
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import type { Json } from "../../api-client.ts";
import { eventually } from "../../eventually.ts";
import { startTestEnlace, type TestEnlace } from "../../harness.ts";
import { AMI_SECRET, type Asterisk, startAsterisks } from "./asterisk.ts";
import { connect, isReady } from "./world.ts";

const started = await startAsterisks();
const skip = typeof started === "string" && started;
// Only looked at by scenarios, which are skipped without Asterisk.
const { pbx, far } = (started ?? {}) as { pbx: Asterisk; far: Asterisk };
const PUBLIC = "https://enlace.example.test";
const PATIENT = { timeoutMs: 60_000 };

test("a recorded call learns of its recording once it is complete, and the CRM gets a link that plays it", {
  skip,
  timeout: 120_000,
}, async () => {
  const monitor = join(pbx.folder, "var", "spool", "asterisk", "monitor");
  const enlace = await startTestEnlace({
    env: {
      ...{ AMI_HOST: "127.0.0.1", AMI_PORT: String(pbx.amiPort), AMI_USERNAME: "enlace", AMI_SECRET },
      ...{ ENLACE_RECORDING_FOLDERS: monitor, ENLACE_PUBLIC_URL: PUBLIC },
    },
  });
  const { api } = enlace;
  const [{ id }] = (await api.get("/api/v1/pbxs")).body.items;
  const changed = await api.patch(`/api/v1/pbxs/${id}`, { recordings: { folder: monitor } });
  assert.equal(changed.status, 200, JSON.stringify(changed.body));
  await eventually(async () => {
    const { status } = (await api.get(`/api/v1/pbxs/${id}`)).body;
    assert.equal(status.state, "ready");
  }, PATIENT);

  const outside = connect(far, "tester");
  await isReady(outside);
  for (const [Variable, Value] of Object.entries({ PHONE_101: "answer", TALK_SECONDS: "3" }))
    await outside.send({ name: "Setvar", fields: { Variable, Value } });
  const call = { Channel: "PJSIP/0009012@pbx", Context: "calling", Exten: "s", Priority: 1, Async: true };
  await outside.send({ name: "Originate", fields: { ...call, CallerID: "600000001", Timeout: 30_000 } });

  const recorded: Json = await eventually(async () => {
    const [found] = (await api.get("/api/v1/calls")).body.items;
    assert.ok(found?.recording, JSON.stringify(found));
    return found;
  }, PATIENT);
  assert.deepEqual([recorded.outcome, recorded.agent_extension], ["answered", "101"]);
  const whole = await fetch(`${enlace.url}/api/v1/calls/${recorded.id}/recording`, {
    headers: await headersOf(enlace),
  });
  const bytes = Buffer.from(await whole.arrayBuffer());
  assert.deepEqual(
    [whole.status, bytes.toString("latin1", 0, 4), bytes.toString("latin1", 8, 12)],
    [200, "RIFF", "WAVE"],
  );
  assert.equal(bytes.readUInt32LE(4), bytes.length - 8, "its header was written: Asterisk had finished it");

  const link: string = await eventually(() => {
    const url = enlace.crm.records("PBXManager")[0]?.fields.recordingurl ?? "";
    assert.match(url, /\/r\//);
    return url;
  }, PATIENT);
  const part = await fetch(link.replace(PUBLIC, enlace.url), { headers: { range: "bytes=0-3" } });
  assert.deepEqual([part.status, await part.text()], [206, "RIFF"]);
});

async function headersOf(enlace: TestEnlace): Promise<Record<string, string>> {
  const { body } = await enlace.api.post("/api/v1/api-keys", { name: "listener", scopes: ["recordings:read"] });
  return { "x-api-key": body.key };
}
