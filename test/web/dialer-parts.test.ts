// The small rules of the dialer's screens, without a browser: what becomes of a list's columns, a week, a project's form.
import assert from "node:assert/strict";
import { test } from "node:test";
import { changeUse, toMapping, toQuery } from "../../web/pages/dialer/column-mapping.ts";
import { toProjectBody, toRuleText } from "../../web/pages/dialer/project-form.ts";
import { addHours, fromHolidays, toDayName, toHolidays, toHours, toWindows } from "../../web/pages/dialer/week.ts";

const preview = {
  ...{ kind: "csv" as const, has_header: true, number_column: 2 },
  columns: [
    { title: "id", name: "id" },
    { title: "tel", name: "column_2" },
    { title: "a, b", name: "a, b" },
    { title: "", name: "column_4" },
  ],
  rows: [
    ["7", "600000001", "x"],
    ["8", "600000002", "y", "z"],
  ],
};

test("a list's columns become what the server proposes until somebody says otherwise; one of them has the number", () => {
  const { header, columns } = toMapping(preview);
  assert.deepEqual(
    columns.map(({ title, use, values }) => [title, use, values.join()]),
    [
      ["id", "variable", "7,8"],
      ["tel", "number", "600000001,600000002"],
      ["a, b", "variable", "x,y"],
      ["4", "variable", ",z"],
    ],
  );
  const changed = changeUse(changeUse(columns, 0, "number"), 3, "none");
  assert.deepEqual(
    changed.map(({ use }) => use),
    ["number", "variable", "variable", "none"],
  );
  assert.deepEqual(Object.fromEntries(toQuery({ header, columns: changed })), {
    ...{ header: "yes", number_column: "1", columns: ",column_2,a  b,", wait_seconds: "0" },
  });
  const nobody = changeUse(columns, 1, "none");
  assert.equal(toQuery({ header, columns: nobody }).has("number_column"), false, "then the server finds it");
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
