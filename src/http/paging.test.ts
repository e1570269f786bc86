import assert from "node:assert/strict";
import { test } from "node:test";
import { z } from "zod";
import { AppError } from "../core/errors.ts";
import { encodeCursor, idCursor, pageQuery, parseCursor, toPage } from "./paging.ts";
import { idParams } from "./wire.ts";

const list = { toItem: (id: number) => ({ id }), toPosition: (id: number) => ({ id: String(id) }) };

test("one row more than the page means that there is a next one, after the last shown", () => {
  const page = toPage([9, 8, 7], 2, list);
  assert.deepEqual(page.items, [{ id: 9 }, { id: 8 }]);
  assert.deepEqual(parseCursor(page.next_cursor ?? "", idCursor), { id: "8" });
});

test("a page that is just full, or empty, is the last", () => {
  assert.equal(toPage([9, 8], 2, list).next_cursor, null);
  assert.deepEqual(toPage([], 2, list), { items: [], next_cursor: null });
});

test("a cursor that is not ours is refused by name", () => {
  const foreign = [
    "",
    "x",
    "bm9uc2Vuc2U",
    encodeCursor({ id: "0" }),
    encodeCursor({ id: "1; drop" }),
    encodeCursor({}),
  ];
  for (const cursor of foreign) {
    assert.throws(
      () => parseCursor(cursor, idCursor),
      (error) => error instanceof AppError && error.code === "invalid_field" && error.fields[0]?.path === "cursor",
      cursor,
    );
  }
  assert.equal(parseCursor(undefined, idCursor), undefined);
});

test("limits are between 1 and 200, and 50 when nothing is said", () => {
  const query = z.object(pageQuery);
  assert.equal(query.parse({}).limit, 50);
  assert.equal(query.parse({ limit: "200" }).limit, 200);
  for (const limit of ["0", "201", "1.5", "x"]) assert.equal(query.safeParse({ limit }).success, false, limit);
});

test("ids are positive numbers that fit the database", () => {
  assert.equal(idParams.parse({ id: "9223372036854775807" }).id, "9223372036854775807");
  for (const id of ["0", "-1", "1.0", "9223372036854775808", "abc", ""])
    assert.equal(idParams.safeParse({ id }).success, false, id);
});
