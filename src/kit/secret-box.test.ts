import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { toTenantId } from "../core/ids.ts";
import { systemRandom } from "./random.ts";
import { createSecretBox, deriveKey, SealError } from "./secret-box.ts";

const owner = { tenantId: toTenantId(1), field: "webhook_secret" };
const box = createSecretBox({ secret: "the present one", random: systemRandom });

test("every text opens to what was sealed, and no two seals are alike", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (plain) => {
      const [one, other] = [box.seal(plain, owner), box.seal(plain, owner)];
      assert.notEqual(one, other);
      assert.equal(box.open(one, owner), Buffer.from(plain, "utf8").toString("utf8"));
    }),
  );
});

test("a sealed value does not show its text", () => {
  assert.doesNotMatch(box.seal("correct horse", owner), /correct|horse/);
  assert.ok(!box.seal("correct horse", owner).includes(Buffer.from("correct horse").toString("base64url")));
});

test("a value moved to another tenant or another field does not open", () => {
  const sealed = box.seal("s", owner);
  assert.throws(() => box.open(sealed, { ...owner, tenantId: toTenantId(2) }), SealError);
  assert.throws(() => box.open(sealed, { ...owner, field: "other" }), SealError);
});

test("changing any one byte of the sealed text is noticed", () => {
  const [version, key, iv, body = ""] = box.seal("some secret text", owner).split(".");
  const bytes = Buffer.from(body, "base64url");
  for (let index = 0; index < bytes.length; index++) {
    const changed = Buffer.from(bytes);
    changed[index] = (changed[index] ?? 0) ^ 1;
    assert.throws(() => box.open([version, key, iv, changed.toString("base64url")].join("."), owner), SealError);
  }
});

test("an old secret still opens what it sealed, and new values need the new secret", () => {
  const old = createSecretBox({ secret: "the old one", random: systemRandom });
  const both = createSecretBox({ secret: "the present one", previous: ["the old one"], random: systemRandom });
  assert.equal(both.open(old.seal("kept", owner), owner), "kept");
  assert.equal(box.open(both.seal("fresh", owner), owner), "fresh");
  assert.throws(() => box.open(old.seal("kept", owner), owner), /another ENLACE_SECRET/);
});

test("text that was never sealed is refused as such", () => {
  for (const text of ["", "plain", "v1.a.b", "v2.a.b.c", "v1.a.b.c.d"])
    assert.throws(() => box.open(text, owner), /not a sealed value/);
  const [version, key, iv] = box.seal("x", owner).split(".");
  assert.throws(() => box.open([version, key, iv, "AAAA"].join("."), owner), /not a sealed value/);
});

test("each purpose has a key of its own and an empty secret has none", () => {
  assert.notDeepEqual(deriveKey("a", "one"), deriveKey("a", "two"));
  assert.deepEqual(deriveKey("a", "one"), deriveKey("a", "one"));
  assert.throws(() => deriveKey("", "one"), RangeError);
});
