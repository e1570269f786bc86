import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { isSignedBy, type SignatureMode, toSignature } from "./signature.ts";

const BOTH: SignatureMode[] = ["raw", "python-json"];
const SECRET = "supersecreto123";
/** The documented example, byte for byte, and what its guide says about it. */
const body = readFileSync(join(import.meta.dirname, "fixtures", "documented-call.json"));
const RAW = "400d6905361afaa9ad33e530cbd69d6db3c8f76daa8313942664e8c96eba75c4";
const PYTHON = "9ec4f2f22e9589d2170c8fce0cb3e6a712f16469455bb73e34c24c65eec80a84";

test("both digests of the documented example verify by default", () => {
  assert.ok(isSignedBy({ body, signature: RAW }, [SECRET], BOTH));
  assert.ok(isSignedBy({ body, signature: PYTHON }, [SECRET], BOTH));
  assert.ok(isSignedBy({ body, signature: RAW.toUpperCase() }, [SECRET], BOTH));
});

test("a tenant that takes raw signatures only refuses the re-serialised one, and the reverse", () => {
  assert.ok(isSignedBy({ body, signature: RAW }, [SECRET], ["raw"]));
  assert.ok(!isSignedBy({ body, signature: PYTHON }, [SECRET], ["raw"]));
  assert.ok(!isSignedBy({ body, signature: RAW }, [SECRET], ["python-json"]));
});

test("one flipped bit of the signature or of the body is refused", () => {
  fc.assert(
    fc.property(fc.constantFrom(RAW, PYTHON), fc.nat(255), (good, bit) => {
      const bytes = Buffer.from(good, "hex");
      bytes.writeUInt8(bytes.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
      assert.ok(!isSignedBy({ body, signature: bytes.toString("hex") }, [SECRET], BOTH));
      const changed = Buffer.from(body);
      changed.writeUInt8(changed.readUInt8(bit) ^ 1, bit);
      assert.ok(!isSignedBy({ body: changed, signature: RAW }, [SECRET], BOTH));
    }),
  );
});

test("during a rotation the current and the previous secret are good, and no other", () => {
  assert.ok(isSignedBy({ body, signature: RAW }, ["new", SECRET], BOTH));
  assert.ok(isSignedBy({ body, signature: PYTHON }, ["new", SECRET], BOTH));
  assert.ok(!isSignedBy({ body, signature: RAW }, ["new"], BOTH));
  assert.ok(!isSignedBy({ body, signature: RAW }, [], BOTH), "no secret lets nobody in");
});

test("a missing or malformed signature never verifies, whatever the body", () => {
  const zero = "0".repeat(64);
  for (const signature of [
    undefined,
    "",
    "0",
    zero,
    `${RAW}00`,
    RAW.slice(2),
    `sha256=${RAW}`,
    `${RAW}, ${RAW}`,
    "z".repeat(64),
  ]) {
    assert.ok(!isSignedBy({ body, signature }, [SECRET], BOTH), signature ?? "missing");
  }
});

test("a body that is no JSON verifies by its bytes alone", () => {
  const broken = Buffer.from([0xff, 0x7b]);
  assert.ok(isSignedBy({ body: broken, signature: toSignature(broken, SECRET) }, [SECRET], BOTH));
  assert.ok(!isSignedBy({ body: broken, signature: toSignature(broken, SECRET) }, [SECRET], ["python-json"]));
});
