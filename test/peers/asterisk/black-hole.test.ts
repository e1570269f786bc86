// A carrier that is gone without a word: it still says that it is there, and swallows every call. They go over the other trunk.
import assert from "node:assert/strict";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { after, test } from "node:test";
import type { Json } from "../../api-client.ts";
import { eventually } from "../../eventually.ts";
import { startTestEnlace } from "../../harness.ts";
import { startAsterisks } from "./asterisk.ts";
import { startCarrier } from "./carrier.ts";
import { openDialerProduct } from "./dialer-product.ts";

const started = await startAsterisks();
const skip = typeof started === "string" && started;

/** Answers whether it is there (OPTIONS) and nothing else. Resolves with the calls it swallowed, by Call-ID. */
async function startBlackHole(port: number): Promise<Set<string>> {
  const swallowed = new Set<string>();
  const socket = createSocket("udp4");
  socket.on("message", (message, from) => {
    const lines = message.toString("utf8").split("\r\n");
    const find = (name: string): string => lines.find((line) => line.startsWith(`${name}:`)) ?? "";
    if (lines[0]?.startsWith("INVITE")) swallowed.add(find("Call-ID"));
    if (!lines[0]?.startsWith("OPTIONS")) return;
    const same = [find("Via"), find("From"), `${find("To")};tag=hole`, find("Call-ID"), find("CSeq")];
    socket.send(["SIP/2.0 200 OK", ...same, "Content-Length: 0", "", ""].join("\r\n"), from.port, from.address);
  });
  after(() => socket.close());
  socket.bind(port, "127.0.0.1");
  await once(socket, "listening");
  return swallowed;
}

test("behind a carrier that swallows calls everybody is reached over the other trunk, and nobody loses an attempt", {
  ...{ skip, timeout: 240_000 },
}, async () => {
  assert.ok(typeof started !== "string");
  const { pbx } = started;
  const { make, base, enlace, startCampaign, uploadTone } = await openDialerProduct(pbx, (env) =>
    startTestEnlace({ env }),
  );
  const [carrier, spare] = [
    await startCarrier({ pbx, trunk: "carrier", ringMs: 300, talkMs: 2_000 }),
    await startCarrier({ pbx, trunk: "spare", ringMs: 300, talkMs: 2_000 }),
  ];
  const trunkIds: string[] = [];
  for (const name of ["carrier", "spare"]) trunkIds.push((await make("/api/v1/trunks", { name, channels_max: 20 })).id);
  const ivr = { audio_id: await uploadTone("message", 1), expected_digit: null };
  const over = (ids: readonly string[]) => ids.map((trunk_id) => ({ trunk_id, weight: 1 }));
  const fields = { ...base, ivr, retry: { attempts_max: 1 } };
  const first = await make("/api/v1/projects", { ...fields, name: "One", trunks: over(trunkIds.slice(0, 1)) });
  const { attempt_id: id } = await make("/api/v1/dial", { project_id: first.id, number: "+34600000001" });
  await eventually(async () => {
    const { state, disposition } = (await enlace.api.get(`/api/v1/attempts/${id}`)).body;
    assert.deepEqual([state, disposition], ["ended", "answered"]); // phones are heard to ring over this carrier
  });
  await carrier.stop();
  const swallowed = await startBlackHole(pbx.carrierPort);
  await eventually(async () => assert.match(await pbx.cli("pjsip show contacts"), /carrier\/\S+ .* Avail/));
  const both = await make("/api/v1/projects", { ...fields, name: "Both", trunks: over(trunkIds) });
  const people = Array.from({ length: 24 }, (_, index) => `60000${String(index + 100)}1`);
  const campaign = await startCampaign(both.id, people);
  await eventually(
    async () => {
      const { state } = (await enlace.api.get(`/api/v1/campaigns/${campaign}`)).body;
      assert.equal(state, "completed");
    },
    { timeoutMs: 150_000 },
  );
  const contacts = await enlace.rows(
    "select disposition, attempts, count(*)::int as people from campaign_contacts where campaign_id = $1 group by 1, 2",
    [campaign],
  );
  assert.deepEqual(contacts as Json[], [{ disposition: "answered", attempts: 1, people: people.length }]);
  assert.equal(spare.counts().human, people.length);
  assert.ok(swallowed.size >= 5 && swallowed.size < people.length, `${swallowed.size} calls were swallowed`);
});
