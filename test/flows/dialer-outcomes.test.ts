// What becomes of a call that did not come out: the same person later, another trunk, and whoever must be told, once.
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { after, test } from "node:test";
import type { Json } from "../api-client.ts";
import { startDialPbx } from "../dial-pbx.ts";
import { createDialerFixture } from "../dialer-fixture.ts";
import { eventually } from "../eventually.ts";
import { FAST, startTestEnlace } from "../harness.ts";

const pbx = await startDialPbx();
const heard: { headers: Record<string, string | string[] | undefined>; body: string }[] = [];
/** Answers of the project's own system, in order; then 200. */
const answers: number[] = [];
const receiver = createServer((request, response) => {
  let body = "";
  request.on("data", (chunk) => {
    body += chunk;
  });
  request.on("end", () => {
    heard.push({ headers: request.headers, body });
    response.statusCode = answers.shift() ?? 200;
    response.end();
  });
});
receiver.listen(0, "127.0.0.1");
await once(receiver, "listening");
const AMI = {
  AMI_HOST: "127.0.0.1",
  AMI_PORT: String(pbx.ami.port),
  AMI_USERNAME: "enlace",
  AMI_SECRET: "test-secret",
};
const enlace = await startTestEnlace({ env: AMI, clockFactor: FAST });
after(async () => {
  receiver.close(); // Enlace ends before it
  await pbx.ami.stop();
});
const { api, rows } = enlace;
const house = await createDialerFixture(enlace);
const trunkId = await house.createTrunk("carrier");
const over = (...ids: string[]) => ({ trunks: ids.map((trunk_id) => ({ trunk_id, weight: 1 })) });

const gapsSeconds = (attempts: readonly Json[]): number[] => {
  const at = attempts.map(({ dialed_at }) => Date.parse(dialed_at)).sort((a, b) => a - b);
  return at.slice(1).map((each, index) => (each - (at[index] ?? 0)) / 1000);
};

test("D.A 50: somebody who does not pick up is called three times, an interval apart each, and then no more", async () => {
  const retry = { attempts_max: 3, after_seconds: 60, by_disposition: {} };
  const project = await house.createProject("Patient", { ...over(trunkId), retry });
  pbx.fateOf = () => ({ does: "fail", cause: 19 });
  const campaignId = await house.startCampaign(project.id, ["+34600001000"]);
  await eventually(async () => {
    const { body } = await api.get(`/api/v1/campaigns/${campaignId}`);
    assert.equal(body.state, "completed", JSON.stringify(body));
  });
  const attempts = await house.attempts(`campaign_id=${campaignId}`);
  assert.deepEqual(attempts.map(({ ordinal }) => ordinal).toSorted(), [1, 2, 3]);
  assert.ok(
    gapsSeconds(attempts).every((gap) => gap >= 60),
    JSON.stringify(gapsSeconds(attempts)),
  );
  const [contact] = await rows("select state, disposition, attempts from campaign_contacts where campaign_id = $1", [
    campaignId,
  ]);
  assert.deepEqual(contact, { state: "failed", disposition: "no_answer", attempts: 3 });
});

test("a call that a program asked for is tried again by the same rules; a test call is not", async () => {
  const retry = { attempts_max: 2, after_seconds: 30, by_disposition: { busy: { after_seconds: 90 } } };
  const project = await house.createProject("By the API", { ...over(trunkId), retry });
  pbx.fateOf = () => ({ does: "fail", cause: 17 });
  const { attempt_id } = await house.dial(project.id, "+34600001100");
  const once_ = await house.dial(project.id, "+34600001101", { test: true });
  const again = await eventually(async () => {
    const attempts = await house.attempts(`project_id=${project.id}&number=%2B34600001100&state=ended`);
    assert.equal(attempts.length, 2);
    return attempts;
  });
  assert.deepEqual(
    again.map(({ first_id }) => first_id),
    [attempt_id, null],
  );
  assert.ok((gapsSeconds(again)[0] ?? 0) >= 90);
  await house.ended(once_.attempt_id);
  assert.equal((await house.attempts(`number=%2B34600001101`)).length, 1);
});

test("D.A 51: behind a trunk that fails the person is reached over the other one, and it is one attempt", async () => {
  const [bad, good] = [await house.createTrunk("bad"), await house.createTrunk("good")];
  const project = await house.createProject("Two lines", over(bad, good));
  let failures = 0;
  pbx.fateOf = () => {
    if (pbx.calls.at(-1)?.trunk !== "bad") return { does: "answer", talkMs: 5 };
    failures++;
    return { does: "fail", cause: 34 };
  };
  const numbers = Array.from({ length: 24 }, (_, index) => `+346000012${String(index).padStart(2, "0")}`);
  const campaignId = await house.startCampaign(project.id, numbers);
  await eventually(async () => {
    const { body } = await api.get(`/api/v1/campaigns/${campaignId}`);
    assert.equal(body.state, "completed", JSON.stringify(body));
  });
  const contacts = await rows(
    "select distinct state, disposition, attempts from campaign_contacts where campaign_id = $1",
    [campaignId],
  );
  assert.deepEqual(contacts, [{ state: "completed", disposition: "answered", attempts: 1 }]);
  const attempts = await house.attempts(`campaign_id=${campaignId}`);
  const failed = attempts.filter(({ disposition }) => disposition === "congestion");
  assert.ok(failed.length > 0 && failed.length === failures, "the bad trunk was tried");
  for (const { contact_id } of failed) {
    const own = attempts.filter((each) => each.contact_id === contact_id).map(({ trunk_id }) => trunk_id);
    assert.deepEqual([own[0], new Set(own).size], [good, own.length === 1 ? 1 : 2], "the last try went over the other");
  }
});

test("what the PBX refuses is a failure of ours, not somebody who did not pick up", async () => {
  const project = await house.createProject("Refused", { ...over(trunkId), retry: { attempts_max: 1 } });
  pbx.fateOf = () => ({ does: "refuse" });
  const { attempt_id } = await house.dial(project.id, "+34600001300");
  const { disposition, answered_at } = await house.ended(attempt_id);
  assert.deepEqual([disposition, answered_at], ["failed", null]);
});

test("D.A 58: the project's own system is told of the end of each call, signed, again until it takes it, and once", async () => {
  const { port } = receiver.address() as AddressInfo;
  const webhook_url = `http://127.0.0.1:${port}/ended`;
  const secret = "a secret of twenty-four c";
  const project = await house.createProject("Told", { ...over(trunkId), webhook_url, webhook_secret: secret });
  pbx.fateOf = () => ({ does: "answer", talkMs: 5 });
  answers.push(500, 429, 500);
  const { attempt_id } = await house.dial(project.id, "+34600001400", { variables: { name: "Ana" } });
  await house.ended(attempt_id);
  await eventually(async () => {
    const [row] = await rows("select told_at, tries from dial_webhooks where attempt_id = $1", [attempt_id]);
    assert.ok(row?.told_at);
    assert.equal(row.tries, 4);
  });
  assert.equal(heard.length, 4);
  assert.equal(new Set(heard.map(({ body }) => body)).size, 1, "the same bytes each time");
  const [{ body, headers } = { body: "", headers: {} }] = heard;
  const { telefono, status, disposition, campaign_id, variables, ...rest } = JSON.parse(body);
  assert.deepEqual(
    { telefono, status, disposition, campaign_id, variables },
    {
      ...{ telefono: "+34600001400", status: "COMPLETED", disposition: "answered", campaign_id: null },
      variables: { name: "Ana" },
    },
  );
  assert.ok(Number.isInteger(rest.duracion) && !Number.isNaN(Date.parse(rest.ts)));
  assert.equal(headers["x-signature"], createHmac("sha256", secret).update(body).digest("hex"));
  assert.equal(headers["webhook-id"], attempt_id);
});

test("D.A 49: a number on the do-not-call list is skipped by a campaign without a call", async () => {
  const project = await house.createProject("Careful", over(trunkId));
  const number = "+34600001500";
  assert.equal((await api.post("/api/v1/suppressions", { number, scope: "global", reason: "asked us" })).status, 201);
  const campaignId = await house.startCampaign(project.id, [number]);
  await eventually(async () => {
    const { body } = await api.get(`/api/v1/campaigns/${campaignId}`);
    assert.equal(body.state, "completed", JSON.stringify(body));
  });
  const [attempt] = await house.attempts(`campaign_id=${campaignId}`);
  assert.deepEqual([attempt.disposition, attempt.dialed_at], ["suppressed", null]);
  const [contact] = await rows("select state, disposition, attempts from campaign_contacts where campaign_id = $1", [
    campaignId,
  ]);
  assert.deepEqual(contact, { state: "skipped", disposition: "suppressed", attempts: 0 });
  assert.equal(pbx.calls.filter((call) => call.number === number.slice(1)).length, 0);
});
