// What a call costs the store: many calls travel in one statement, however often each of them changes.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import pg from "pg";
import { startDialPbx } from "../dial-pbx.ts";
import { createDialerFixture } from "../dialer-fixture.ts";
import { eventually } from "../eventually.ts";
import { startTestEnlace } from "../harness.ts";

/** Texts of every statement that this process sends. */
const sent: string[] = [];
const query = pg.Client.prototype.query as (...args: unknown[]) => unknown;
pg.Client.prototype.query = function count(this: pg.Client, ...args: unknown[]) {
  const [given] = args as [string | { text?: string }];
  sent.push(typeof given === "string" ? given : (given?.text ?? ""));
  return query.apply(this, args);
} as typeof pg.Client.prototype.query;

const pbx = await startDialPbx();
const AMI = {
  AMI_HOST: "127.0.0.1",
  AMI_PORT: String(pbx.ami.port),
  AMI_USERNAME: "enlace",
  AMI_SECRET: "test-secret",
};
/** The house's clock goes slowly: a machine that others keep busy is not late by it, and batches are as large as on a free one. */
const SLOW = 0.25;
const enlace = await startTestEnlace({ env: AMI, clockFactor: SLOW });
after(() => pbx.ami.stop()); // Enlace ends before it
const { api } = enlace;
const house = await createDialerFixture(enlace);

const CALLS = 600;
/** Claimed, written down, answered, ended, told, and the contact settled: a statement each would be six. */
const CHANGES_PER_CALL = 6;

test("a call costs less than a tenth of a statement for each of its changes", async (t) => {
  await api.put("/api/v1/dialer/limits", { per_second: 300, channels_max: 5_000 });
  const trunk_id = await house.createTrunk("carrier", { channels_max: 5_000 });
  const { id } = await house.createProject("Many", { trunks: [{ trunk_id, weight: 1 }] });
  const numbers = Array.from({ length: CALLS }, (_, index) => `+34600${String(100_000 + index)}`);
  const campaignId = await house.startCampaign(id, numbers);
  const from = sent.length;
  await eventually(async () => {
    const { rows } = await enlace.database.pool.query<{ open: string }>(
      "select count(*) as open from campaign_contacts where campaign_id = $1 and state <> 'completed'",
      [campaignId],
    );
    assert.equal(rows[0]?.open, "0");
    await new Promise((resolve) => setImmediate(resolve));
  });
  const since = sent.slice(from).filter((text) => !text.startsWith("select count(*) as open"));
  const own = since.filter((text) => /dial_|campaign|number_attempts|trunk|suppress|caller_id/.test(text));
  const perCall = own.length / CALLS;
  const all = (since.length / CALLS).toFixed(3);
  t.diagnostic(`${perCall.toFixed(3)} statements a call; ${all} with facts, deliveries and every begin and commit`);
  assert.ok(perCall <= CHANGES_PER_CALL / 10, `${perCall} statements a call`);
});
