import assert from "node:assert/strict";
import { test } from "node:test";
import { AppError } from "../core/errors.ts";
import { isDeadlock, isMissingMonth, isStoreDown, toRefusal } from "./store-errors.ts";

const failing = (code: string, message = "told to fail"): Error => Object.assign(new Error(message), { code });

test("a value the store refuses is the fact's fault; anything else stays what it is", () => {
  for (const code of ["22021", "22003", "22P05", "54000", "54001"]) {
    const refusal = toRefusal(failing(code));
    assert.ok(refusal instanceof AppError && refusal.code === "invalid_field", code);
  }
  for (const error of [
    failing("23505"),
    failing("42P01"),
    new TypeError("a bug"),
    new AppError("conflict", "full"),
    "text",
  ]) {
    assert.equal(toRefusal(error), error);
  }
});

test("clashes, missing months and absent stores are told apart", () => {
  assert.ok(isDeadlock(failing("40P01")) && isDeadlock(failing("40001")) && !isDeadlock(failing("22003")));
  assert.ok(isMissingMonth(failing("23514", 'no partition of relation "facts" found for row')));
  assert.ok(!isMissingMonth(failing("23514", 'new row violates check constraint "x"')) && !isMissingMonth("text"));
  assert.ok(isStoreDown(failing("57P01")) && isStoreDown(failing("25006")) && !isStoreDown(failing("22003")));
});
