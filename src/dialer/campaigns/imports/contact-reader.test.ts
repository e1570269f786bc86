import assert from "node:assert/strict";
import { test } from "node:test";
import { createContactReader } from "./contact-reader.ts";
import { UnreadableList } from "./list-row.ts";

const readAll = (
  rows: readonly (readonly string[])[],
  { country = "ES", header = "auto" as "auto" | "yes" | "no" } = {},
) => {
  const reader = createContactReader({ country, header });
  const read = rows.map((cells, index) => reader.read({ line: index + 1, cells }));
  return {
    contacts: read.flatMap((one) => (one && "contact" in one ? [one.contact] : [])),
    invalid: read.flatMap((one) => (one && "invalid" in one ? [one.invalid] : [])),
    columns: reader.columns(),
  };
};

test("the first row names the variables, and the number is found by its column's name", () => {
  const { contacts, columns } = readAll([
    ["nombre", "Teléfono", "deuda"],
    ["Ana", "600 000 001", "12,50"],
  ]);
  assert.deepEqual(contacts, [{ line: 2, number: "+34600000001", variables: { nombre: "Ana", deuda: "12,50" } }]);
  assert.deepEqual(columns, ["nombre", "deuda"]);
});

test("without a header the first row is somebody to call", () => {
  const { contacts } = readAll([["600000001", "Ana"]]);
  assert.deepEqual(contacts, [{ line: 1, number: "+34600000001", variables: { column_2: "Ana" } }]);
});

test("a header that looks like a number is one if it is said to be", () => {
  assert.equal(readAll([["600000000"], ["600000001"]], { header: "yes" }).contacts.length, 1);
  assert.equal(readAll([["abc"], ["600000001"]], { header: "no" }).invalid.length, 1);
});

test("numbers are brought to one form, with the tenant's country or their own", () => {
  const written = ["600000001", "+34 600-000-001", "0034600000001", "34600000001"];
  assert.deepEqual(
    readAll(written.map((number) => [number])).contacts.map(({ number }) => number),
    Array(4).fill("+34600000001"),
  );
  const foreign = ["573001234567", "+1 000-000-0001", "10000000001"];
  assert.deepEqual(
    readAll(foreign.map((number) => [number])).contacts.map(({ number }) => number),
    ["+573001234567", "+10000000001", "+10000000001"],
  );
});

test("what is no number is told with its line, its text and why", () => {
  const { invalid } = readAll([["telefono"], ["abc"], [""], ["12"], ["600000001; drop"], ["6".repeat(300)]]);
  assert.deepEqual(
    invalid.map(({ line, value, reason }) => [line, value.slice(0, 6), reason]),
    [
      [2, "abc", "is not a phone number"],
      [3, "", "there is no number"],
      [4, "12", "is not a phone number"],
      [5, "600000", "is not a phone number"],
      [6, "666666", "is not a phone number"],
    ],
  );
  assert.equal(invalid.at(-1)?.value.length, 100);
});

test("variables are bounded in number and size, and never cut silently", () => {
  const many = Array.from({ length: 60 }, (_, index) => `c${index}`);
  assert.throws(() => readAll([["telefono", ...many]]), UnreadableList);
  assert.match(readAll([["600000001", ...many]]).invalid[0]?.reason ?? "", /more than 50 columns/);
  assert.match(readAll([["600000001", "x".repeat(501)]]).invalid[0]?.reason ?? "", /column_2 is longer than 500/);
});

test("columns of one name, without a name or named like a property of every object keep their values", () => {
  const { contacts } = readAll([
    ["telefono", "a", "a", "", "__proto__"],
    ["600000001", "1", "2", "3", "4\0\ud800"],
  ]);
  assert.deepEqual(Object.entries(contacts[0]?.variables ?? {}), [
    ["a", "1"],
    ["a_3", "2"],
    ["column_4", "3"],
    ["__proto__", "4\ufffd"],
  ]);
});

test("a person may say which column has the number, whatever the columns are called", () => {
  const reader = createContactReader({ country: "ES", header: "auto", numberColumn: 2 });
  assert.equal(reader.read({ line: 1, cells: ["telefono", "otro", "nombre"] }), undefined);
  const read = reader.read({ line: 2, cells: ["1234", "600 000 001", "Ana"] });
  assert.deepEqual(read && "contact" in read && [read.contact.number, read.contact.variables], [
    "+34600000001",
    { telefono: "1234", nombre: "Ana" },
  ]);
});

test("a person may name the variables and leave columns out; columns they say nothing of keep the name of their place", () => {
  const columns = ["nombre", "", "", "nombre"];
  const reader = createContactReader({ country: "ES", header: "yes", numberColumn: 3, columns });
  assert.equal(reader.read({ line: 1, cells: ["cliente", "secreto", "otro", "b", "c"] }), undefined);
  const read = reader.read({ line: 2, cells: ["Ana", "no", "600 000 001", "Luis", "x"] });
  assert.deepEqual(read && "contact" in read && read.contact.variables, {
    nombre: "Ana",
    nombre_4: "Luis",
    column_5: "x",
  });
  assert.deepEqual(reader.columns(), ["nombre", "nombre_4"]);
});
