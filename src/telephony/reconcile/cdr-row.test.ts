import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { parseCdrRow } from "./cdr-row.ts";
import { parseCsvLine } from "./csv-line.ts";
import { toInstantOf, toLocalText } from "./local-time.ts";

const columns = {
  ...{ uniqueid: "1795353143.0", channel: "PJSIP/trunk-00000000", dstchannel: "PJSIP/101-00000001" },
  ...{ calldate: "2026-11-22 14:12:23", duration: "65", billsec: "60", disposition: "ANSWERED", src: "x", dst: "y" },
};

test("FreePBX's columns are enough: the end is the start and the duration, the answer what was billed before the end", () => {
  const row = parseCdrRow(columns, "Europe/Madrid");
  assert.deepEqual(
    [row?.startedAt, row?.answeredAt, row?.endedAt],
    ["2026-11-22T13:12:23Z", "2026-11-22T13:12:28Z", "2026-11-22T13:13:28Z"].map((text) => new Date(text)),
  );
  assert.equal(parseCdrRow({ ...columns, billsec: "0", disposition: "NO ANSWER" }, "UTC")?.answeredAt, null);
});

test("odd records are refused or read as failed, never thrown at", () => {
  for (const odd of [{ uniqueid: "" }, { channel: "" }, { calldate: "0000-00-00 00:00:00" }, { calldate: "soon" }])
    assert.equal(parseCdrRow({ ...columns, ...odd }, "UTC"), undefined);
  assert.equal(parseCdrRow({ ...columns, disposition: "WHAT" }, "UTC")?.disposition, "FAILED");
  const backwards = parseCdrRow({ ...columns, end: "2026-11-22 14:00:00" }, "UTC");
  assert.deepEqual(backwards?.endedAt, backwards?.startedAt);
  fc.assert(
    fc.property(fc.record({ uniqueid: fc.string(), calldate: fc.string(), duration: fc.string() }), (any) => {
      parseCdrRow({ ...columns, ...any }, "Europe/Madrid");
    }),
  );
});

test("in the hour that the clock repeats, the unique id says which one a record means", () => {
  const [first, second] = ["2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z"].map((text) => new Date(text));
  const at = (id: Date | undefined) =>
    parseCdrRow(
      { ...columns, calldate: "2026-10-25 02:30:00", uniqueid: `${(id?.getTime() ?? 0) / 1000}.7` },
      "Europe/Madrid",
    );
  assert.deepEqual([at(first)?.startedAt, at(second)?.startedAt], [first, second]);
});

test("every instant is found again from the clock on the wall, in zones with and without changes", () => {
  const zone = fc.constantFrom("Europe/Madrid", "America/Lima", "Asia/Kolkata", "Australia/Lord_Howe", "UTC");
  const second = fc.integer({ min: 1_600_000_000, max: 1_900_000_000 });
  fc.assert(
    fc.property(zone, second, (timeZone, seconds) => {
      const at = new Date(seconds * 1000);
      assert.deepEqual(toInstantOf(toLocalText(at, timeZone), timeZone, at), at);
    }),
  );
});

test("a time that the clock skips is read, and no time is none", () => {
  assert.ok(toInstantOf("2026-03-29 02:30:00", "Europe/Madrid") instanceof Date);
  for (const text of ["", "2026-02-30 10:00:00", "2026-11-22", "2026-11-22 25:00:00"])
    assert.equal(toInstantOf(text, "UTC"), undefined);
});

test("a line of Master.csv is read with its quotation marks and commas, and anything else is none", () => {
  const line = `"","600000001","0009001","from-trunk","""A, B"" <600000001>","PJSIP/trunk-0","","Dial","PJSIP/101,20,tT","2026-11-22 13:12:23",,"2026-11-22 13:12:25",2,2,"NO ANSWER","DOCUMENTATION","1795353143.0","","","1795353143.0",7`;
  const read = parseCsvLine(line);
  assert.deepEqual(
    [read?.src, read?.lastdata, read?.answer, read?.uniqueid, read?.linkedid, read?.sequence],
    ["600000001", "PJSIP/101,20,tT", "", "1795353143.0", "1795353143.0", "7"],
  );
  assert.equal(parseCsvLine(line.split(",").slice(0, 20).join(","))?.uniqueid, "1795353143.0");
  for (const odd of ["", "a,b", `"open`, line.slice(0, 40)]) assert.equal(parseCsvLine(odd), undefined);
});
