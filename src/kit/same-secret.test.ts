import assert from "node:assert/strict";
import { test } from "node:test";
import { isSameSecret, toSecretHash } from "./same-secret.ts";

test("only the very same text is the same secret, of whatever length", () => {
  assert.equal(isSameSecret("correct horse", "correct horse"), true);
  for (const other of ["", "correct hors", "correct horse ", "Correct horse", "correct\u0000horse"])
    assert.equal(isSameSecret(other, "correct horse"), false, other);
});

test("the hash of a secret is SHA-256", () => {
  assert.equal(toSecretHash("abc").toString("hex"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
});
