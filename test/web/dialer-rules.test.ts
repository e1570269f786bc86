// The rules a dialer keeps, as the people who answer for them see and change them: policies, grounds, hours, numbers shown.
import assert from "node:assert/strict";
import { test } from "node:test";
import { chromiumIsMissing } from "./chromium.ts";
import { assertQuiet, see, startConsole } from "./console.ts";
import { addDialerScenery } from "./dialer-scenery.ts";

const skip = chromiumIsMissing;
const house = skip ? undefined : await startConsole();
const scenery = house ? await addDialerScenery(house) : undefined;

test("the house's own copy of the rules is changed: a new version, under which nobody calls until it is taken over", {
  skip,
}, async () => {
  const { enlace, signIn } = house ?? assert.fail();
  const desk = await signIn();
  const { page } = desk;
  await page.goto("/dialer/policies");
  await page.getByRole("button", { name: "Edit Appointments" }).click();
  const form = page.getByRole("dialog");
  await form.getByLabel("Monday").fill("09:00–13:00, 15:00–20:00");
  await form.getByLabel("Sunday").fill("");
  await form.getByLabel("Countries").fill("es mx");
  await form.getByRole("button", { name: "Another cap" }).click();
  await form.getByLabel("Calls of cap 1").fill("3");
  await form.getByLabel("Time of cap 1").selectOption({ label: "in a calendar week" });
  await form.getByLabel("Dates of holidays").fill("2026-12-25\n2027-01-01");
  await form.getByLabel("Grounds at least").selectOption({ label: "a contract" });
  await form.getByRole("button", { name: "Save as a new version" }).click();
  await see(page, "A new version is saved. Somebody must take it over.");
  const { items } = (await enlace.api.get("/api/v1/dialer/policies")).body;
  const { version, status, pack } = items.find(({ name }: { name: string }) => name === "Appointments");
  assert.deepEqual([version, status], [2, "unreviewed"]);
  assert.deepEqual(pack.windows.monday, [
    { from: "09:00", to: "13:00" },
    { from: "15:00", to: "20:00" },
  ]);
  assert.deepEqual([pack.windows.sunday, pack.countries, pack.consent], [[], ["ES", "MX"], "contract"]);
  assert.deepEqual(pack.caps, [{ per: "number", max: 3, within_calendar: "week" }]);
  assert.deepEqual(pack.holidays.dates, ["2026-12-25", "2027-01-01"]);
  await page.getByRole("button", { name: "Versions Appointments" }).click();
  await see(page, "Nobody has taken this version over.");
  await form.getByLabel("Version").selectOption({ label: "version 1" });
  await form.getByText("Taken over by Ana Prueba").waitFor();
  assertQuiet(desk);
});

test("hours that cannot be are refused in a sentence, and what was typed stays", { skip }, async () => {
  const { signIn } = house ?? assert.fail();
  const { page } = await signIn();
  await page.goto("/dialer/policies");
  await page.getByRole("button", { name: "Edit Spain, debts" }).click();
  const form = page.getByRole("dialog");
  await form.getByLabel("Tuesday").fill("22:00–06:00");
  await form.getByRole("button", { name: "Save as a new version" }).click();
  await form.getByRole("alert").getByText("a night is two ranges").first().waitFor();
  assert.equal(await form.getByLabel("Tuesday").inputValue(), "22:00–06:00");
});

test("a project says on what grounds it calls and keeps days of its own", { skip }, async () => {
  const { enlace, signIn } = house ?? assert.fail();
  const { clinicId } = scenery ?? assert.fail();
  const desk = await signIn();
  const { page } = desk;
  await page.goto(`/dialer/projects/${clinicId}`);
  await page.getByLabel("They are called on").selectOption({ label: "express consent in writing" });
  await page.getByLabel("Evidence").fill("Form at the reception since 2026");
  await page.getByRole("button", { name: "Save grounds" }).click();
  await see(page, /Stated by user:\d+/);
  await page.getByLabel("Days without calls").fill("2026-12-24 Christmas Eve");
  await page.getByRole("button", { name: "Save holidays" }).click();
  await see(page, "The holidays are saved.");
  const { body: holidays } = await enlace.api.get(`/api/v1/holidays?project_id=${clinicId}`);
  assert.deepEqual(holidays.holidays, [{ on: "2026-12-24", name: "Christmas Eve" }]);
  const { body } = await enlace.api.get(`/api/v1/projects/${clinicId}/consent`);
  assert.equal(body.consent.basis, "express_written");
  assertQuiet(desk);
});

test("numbers that are shown tell how many answer and how much of the day's cap is used; area and cap are changed", {
  skip,
}, async () => {
  const { enlace, signIn } = house ?? assert.fail();
  const { clinicId } = scenery ?? assert.fail();
  const shown = async (): Promise<{ number: string; calls_today: number; answers_30_days: number }[]> =>
    (await enlace.api.get(`/api/v1/projects/${clinicId}/caller-ids`)).body.items;
  const [first] = await shown();
  assert.ok(first && first.calls_today > 0, "the scenery's campaign showed it");
  const desk = await signIn();
  const { page } = desk;
  await page.goto(`/dialer/projects/${clinicId}`);
  const row = page.getByRole("row", { name: new RegExp(`^\\${first.number}`) });
  await row.getByText(`${first.calls_today} of 60`).waitFor();
  await row.getByRole("meter", { name: "Answer rate" }).waitFor();
  await page.getByRole("button", { name: `Edit ${first.number}` }).click();
  await page.getByRole("dialog").getByLabel("Calls a day at most").fill("500");
  await page.getByRole("dialog").getByRole("button", { name: "Save" }).click();
  await row.getByText(`${first.calls_today} of 500`).waitFor();
  // Three weeks in which half of the people answered, and two days in which hardly anybody did.
  const days = "from caller_ids c cross join generate_series(1, 20) as ago where c.number = $1";
  const day = "c.tenant_id, c.id, (now() - ago * interval '1 day')::date";
  await enlace.rows(
    `insert into caller_id_days (tenant_id, caller_id_id, day, calls, ended, answers)
     select ${day}, 100, 100, case when ago <= 1 then 2 else 50 end ${days}`,
    [first.number],
  );
  await page.reload();
  await see(page, /People answer some of these numbers much less than before/);
  assertQuiet(desk);
});

test("a week is opened and closed hour by hour with the keyboard alone, and by mouse", { skip }, async () => {
  const { enlace, signIn } = house ?? assert.fail();
  const { campaignId, fill } = scenery ?? assert.fail();
  const desk = await signIn();
  const { page } = desk;
  await page.goto(fill("/dialer/campaigns/$campaign"));
  const cell = (name: string) => page.getByRole("gridcell", { name, exact: true });
  await cell("Monday 9–10 h: calls").focus();
  for (const key of ["Home", "Space", "Shift+ArrowRight", "ArrowDown", "End", "Space"]) await page.keyboard.press(key);
  await cell("Monday 0–1 h: calls").waitFor();
  await cell("Monday 1–2 h: calls").waitFor();
  await cell("Tuesday 23–24 h: calls").waitFor();
  await cell("Wednesday 12–13 h: calls").click();
  await page.getByRole("button", { name: "Save hours" }).click();
  await see(page, "The hours are saved.");
  const { body } = await enlace.api.get(`/api/v1/campaigns/${campaignId}/schedule`);
  const shown = body.windows.map(
    ({ weekday, starts, ends }: Record<string, unknown>) => `${weekday} ${starts} ${ends}`,
  );
  assert.deepEqual(shown.sort(), [
    ...["1 00:00 02:00", "1 09:00 18:00", "2 09:00 18:00", "2 23:00 00:00", "3 09:00 12:00", "3 13:00 18:00"],
  ]);
  assertQuiet(desk);
});
