// The small rules of the dialer's screens, without a browser: a list's columns, a week, a project's form.
import assert from "node:assert/strict";
import { test } from "node:test";
import { toPreview } from "../../web/pages/dialer/list-preview.ts";
import { toProjectBody, toRuleText } from "../../web/pages/dialer/project-form.ts";
import { addHours, fromHolidays, toDayName, toHolidays, toHours, toWindows } from "../../web/pages/dialer/week.ts";

test("a list shows its columns as the server reads them: separators, quotes, byte order mark, numbers without a header", () => {
  const preview = toPreview('\uFEFFnombre;telefono\r\n"Pérez; ""Ana""";600 000 001\r\nLuis;600000002\r\n');
  assert.deepEqual(preview, {
    columns: ["nombre", "telefono"],
    rows: [
      ['Pérez; "Ana"', "600 000 001"],
      ["Luis", "600000002"],
    ],
    hasHeader: true,
    numberAt: 1,
  });
  const bare = toPreview("Ana,600000001\nLuis,600000002");
  assert.deepEqual([bare?.hasHeader, bare?.numberAt, bare?.columns, bare?.rows.length], [false, 1, ["1", "2"], 2]);
  const odd = toPreview("id\tcontact\n17\t+34 600 000 001");
  assert.equal(odd?.numberAt, 1, "where no column is named so, the one that looks like it");
  assert.equal(toPreview(""), null);
});

test("a long list shows five rows, and a quote that is never closed ends with the file", () => {
  const rows = Array.from({ length: 100 }, (_, at) => `60000000${at},x`).join("\n");
  assert.equal(toPreview(`telefono,x\n${rows}`)?.rows.length, 5);
  assert.deepEqual(toPreview('telefono,x\n600000001,"open\nand on')?.rows, [["600000001", "open\nand on"]]);
});

test("a week without hours proposes those of an office; what is stored is kept, several windows a day too", () => {
  const proposed = toHours([]);
  assert.deepEqual(
    proposed.map(({ weekday, enabled }) => [weekday, enabled]),
    [1, 2, 3, 4, 5, 6, 0].map((weekday) => [weekday, weekday >= 1 && weekday <= 5]),
  );
  const windows = [
    { weekday: 1, starts: "09:00:00", ends: "13:00:00", enabled: true },
    { weekday: 1, starts: "15:00:00", ends: "24:00:00", enabled: false },
    { weekday: 0, starts: "22:00:00", ends: "06:00:00", enabled: true },
  ];
  assert.deepEqual(toWindows(toHours(windows)), [
    { weekday: 1, starts: "09:00", ends: "13:00", enabled: true },
    { weekday: 1, starts: "15:00", ends: "00:00", enabled: false },
    { weekday: 0, starts: "22:00", ends: "06:00", enabled: true },
  ]);
  const more = addHours(toHours(windows), 1);
  assert.deepEqual(
    more.filter(({ weekday }) => weekday === 1).map(({ key, starts }) => [key, starts]),
    [
      ["1.0", "09:00"],
      ["1.1", "15:00"],
      ["1.2", "09:00"],
    ],
  );
  assert.deepEqual([toDayName(0, "en"), toDayName(6, "es"), toDayName(1, "ru")], ["Sunday", "sábado", "понедельник"]);
});

test("a rule for calling again is changed only where the form says otherwise", () => {
  const rules = { busy: { after_seconds: 300 }, congestion: { after_seconds: 30, other_trunk: true }, machine: null };
  assert.deepEqual([rules.busy, rules.congestion, null, undefined].map(toRuleText), ["5", "0.5", "never", ""]);
  const form = new FormData();
  const said = { busy: "15", congestion: "0.5", machine: "", no_answer: "never" };
  for (const [name, text] of Object.entries(said)) form.set(`rule ${name}`, text);
  // biome-ignore lint/suspicious/noExplicitAny: only what the rules need of a project
  const body = toProjectBody(form, { retry: { by_disposition: { ...rules, answered: null } }, policy_id: "7" } as any);
  assert.deepEqual(body.retry?.by_disposition, {
    busy: { after_seconds: 900 },
    congestion: { after_seconds: 30, other_trunk: true },
    no_answer: null,
    answered: null,
  });
  assert.equal(body.policy_id, "7", "what the form does not have stays");
});

test("holidays are read one a line, and shown as they were written", () => {
  const text = "2026-12-25 Christmas Day\n\n 2027-01-01 ";
  const holidays = toHolidays(text);
  assert.deepEqual(holidays, [
    { on: "2026-12-25", name: "Christmas Day" },
    { on: "2027-01-01", name: "" },
  ]);
  assert.equal(fromHolidays(holidays), "2026-12-25 Christmas Day\n2027-01-01");
});
