// S0-07, S0-08, S0-21: only what is signed is read; both ways to sign of the documented example work.
import assert from "node:assert/strict";
import { test } from "node:test";
import { toSignature } from "../../src/intake/signature.ts";
import { DOCUMENTED_CALL, startTestEnlace } from "../harness.ts";

const enlace = await startTestEnlace();
/** The documented payload as curl sends it, and the two digests that the older middleware's users have in their notes. */
const PRINTED = JSON.stringify(DOCUMENTED_CALL, null, 2);
const RAW_DIGEST = "400d6905361afaa9ad33e530cbd69d6db3c8f76daa8313942664e8c96eba75c4";
const PYTHON_DIGEST = "9ec4f2f22e9589d2170c8fce0cb3e6a712f16469455bb73e34c24c65eec80a84";

const post = (signature: string, body = PRINTED) => enlace.postCall(body, { headers: { "x-signature": signature } });

async function countStored(): Promise<number[]> {
  const [row] = await enlace.rows(
    "select (select count(*)::int from calls) as calls, (select count(*)::int from facts) as facts, (select count(*)::int from deliveries) as deliveries",
  );
  return [row.calls, row.facts, row.deliveries];
}

test("every single flipped bit of the signature is refused with 401, and nothing is stored", async () => {
  const digest = Buffer.from(RAW_DIGEST, "hex");
  for (let bit = 0; bit < digest.length * 8; bit += 5) {
    const flipped = Buffer.from(digest);
    flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    const { status, body } = await post(flipped.toString("hex"));
    assert.deepEqual([status, body.code], [401, "invalid_signature"], `bit ${bit}`);
  }
  assert.deepEqual(await countStored(), [0, 0, 0]);
});

test("a missing, empty, short or odd signature is refused in the same words", async () => {
  const details = new Set<string>();
  for (const signature of [
    "",
    RAW_DIGEST.slice(1),
    `${RAW_DIGEST}00`,
    "not hex",
    toSignature(PRINTED, "another secret"),
  ]) {
    const { status, body } = await post(signature);
    assert.equal(status, 401, signature);
    details.add(body.detail);
  }
  assert.equal(details.size, 1);
  assert.deepEqual(await countStored(), [0, 0, 0]);
});

test("a changed body under the old signature is refused", async () => {
  const { status } = await post(RAW_DIGEST, PRINTED.replace("150", "151").replace("+34123456789", "+34123456780"));
  assert.equal(status, 401);
  assert.deepEqual(await countStored(), [0, 0, 0]);
});

test("the digest over the bytes and the digest over Python's spelling are both taken", async () => {
  const python = await post(PYTHON_DIGEST);
  assert.deepEqual([python.status, python.body.status], [202, "accepted"]);
  const raw = await post(RAW_DIGEST.toUpperCase());
  assert.deepEqual([raw.status, raw.body.status], [200, "duplicate"]);
});

test("a tenant that is switched to raw refuses the digest over Python's spelling", async () => {
  const { status } = await enlace.api.patch("/api/v1/tenant", { signature_modes: ["raw"] });
  assert.equal(status, 200);
  assert.equal((await post(PYTHON_DIGEST)).status, 401);
  assert.equal((await post(RAW_DIGEST)).status, 200);
});
