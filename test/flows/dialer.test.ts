// A program asks for calls, and a campaign makes its own: one pipeline, over AMI, with what the carrier says of each.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { startDialPbx } from "../dial-pbx.ts";
import { createDialerFixture } from "../dialer-fixture.ts";
import { eventually } from "../eventually.ts";
import { startTestEnlace } from "../harness.ts";

const pbx = await startDialPbx();
const AMI = {
  AMI_HOST: "127.0.0.1",
  AMI_PORT: String(pbx.ami.port),
  AMI_USERNAME: "enlace",
  AMI_SECRET: "test-secret",
};
/** Half as fast as the machine's: on one that is very busy a silence of ten seconds would end the connection, and calls with it. */
const SLOW = 0.5;
const enlace = await startTestEnlace({ env: AMI, clockFactor: SLOW });
after(() => pbx.ami.stop()); // Enlace ends before it
const { api, rows } = enlace;
const house = await createDialerFixture(enlace);
const trunkId = await house.createTrunk("carrier");
const trunks = [{ trunk_id: trunkId, weight: 1 }];
const project = await house.createProject("Reminders", { trunks, prefix: "9" });

const placed = (number: string) => pbx.calls.filter((call) => call.number === number);

test("a call that is asked for is placed over the project's trunk, and its end is known", async () => {
  const { attempt_id, is_new } = await house.dial(project.id, "600 000 001", { variables: { name: "Ana" } });
  assert.equal(is_new, true);
  const ended = await house.ended(attempt_id);
  const { disposition, disposition_source, state, ordinal, trunk_id, caller_id, variables } = ended;
  assert.deepEqual(
    { disposition, disposition_source, state, ordinal, trunk_id, caller_id, variables },
    {
      ...{ disposition: "answered", disposition_source: "hangup", state: "ended", ordinal: 1 },
      ...{ trunk_id: trunkId, caller_id: "+34910000000", variables: { name: "Ana" } },
    },
  );
  const [call] = placed("934600000001");
  assert.deepEqual([call?.id, call?.trunk, call?.callerId], [attempt_id, "carrier", "34910000000"]);
});

test("what the carrier says of a call that nobody answers becomes its disposition", async () => {
  const causes = [
    [17, "busy"],
    [19, "no_answer"],
    [21, "rejected"],
    [1, "invalid_number"],
    [27, "invalid_number"],
    [20, "no_answer"],
  ] as const;
  pbx.fateOf = (number) => ({ does: "fail", cause: causes[Number(number.slice(-2)) - 10]?.[0] ?? 16 });
  for (const [index, [cause, disposition]] of causes.entries()) {
    const { attempt_id } = await house.dial(project.id, `+346000000${10 + index}`, { test: true });
    const ended = await house.ended(attempt_id);
    assert.deepEqual([ended.disposition, ended.cause], [disposition, cause], String(cause));
  }
});

test("the call's own record says for whom it was and how it came out", async () => {
  pbx.fateOf = () => ({ does: "answer", talkMs: 20 });
  const { attempt_id } = await house.dial(project.id, "+34600000002");
  await house.ended(attempt_id);
  const { dialer } = await eventually(async () => {
    const [call] = (await api.get(`/api/v1/calls?call_uuid=${attempt_id}`)).body.items;
    assert.equal(call?.outcome, "answered");
    const { details } = (await api.get(`/api/v1/calls/${call.id}`)).body;
    assert.ok(details.dialer, "the dialer has not told yet");
    return details;
  });
  assert.deepEqual(dialer, {
    ...{ attempt_id, project_id: project.id, project: "Reminders", campaign_id: null },
    ...{ disposition: "answered", attempt: 1, digit: null },
  });
});

test("a campaign calls everybody once and is completed", async () => {
  const numbers = Array.from({ length: 30 }, (_, index) => `+3460000${String(3000 + index)}`);
  const campaignId = await house.startCampaign(project.id, numbers);
  const isCompleted = async (): Promise<void> => {
    const { body } = await api.get(`/api/v1/campaigns/${campaignId}`);
    assert.equal(body.state, "completed", JSON.stringify(body));
  };
  await eventually(isCompleted, { timeoutMs: 180_000 });
  const attempts = await house.attempts(`campaign_id=${campaignId}`);
  assert.deepEqual(attempts.map(({ number }) => number).sort(), numbers);
  assert.deepEqual(
    attempts.filter(({ disposition }) => disposition !== "answered"),
    [],
  );
  const contacts = await rows("select state, disposition, attempts from campaign_contacts where campaign_id = $1", [
    campaignId,
  ]);
  assert.deepEqual(new Set(contacts.map((row) => JSON.stringify(row))).size, 1);
  assert.deepEqual(contacts[0], { state: "completed", disposition: "answered", attempts: 1 });
});
