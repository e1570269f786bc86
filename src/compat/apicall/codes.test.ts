import assert from "node:assert/strict";
import { test } from "node:test";
import { DISPOSITIONS } from "../../core/disposition.ts";
import { fromCode, toCode, toStatus } from "./codes.ts";

test("every disposition has a code, and its code leads back to it", () => {
  for (const disposition of DISPOSITIONS) assert.ok(fromCode(toCode(disposition)).includes(disposition), disposition);
  assert.deepEqual(fromCode("na"), ["no_answer", "rejected"]);
  assert.deepEqual(fromCode("COMPLETED"), []);
});

test("what failed says so, what came to an end is completed, and what goes on says how far it is", () => {
  const of = (state: "queued" | "dialing" | "talking" | "ended", code = "A", amd: string | null = null): string =>
    toStatus({ state, disposition: state === "ended" ? (fromCode(code)[0] ?? null) : null, amd });
  assert.deepEqual(
    [of("queued"), of("dialing"), of("talking"), of("talking", "A", "HUMAN")],
    ["DIALING", "DIALING", "CONNECTED", "HUMAN"],
  );
  for (const code of ["A", "XFER", "N", "AM", "B", "NA"]) assert.equal(of("ended", code), "COMPLETED", code);
  for (const code of ["NI", "CONG", "FAIL"]) assert.equal(of("ended", code), "FAILED", code);
});
