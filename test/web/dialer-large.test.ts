// A list of a hundred thousand people in the console: its import shows how far it is, and the campaign stays quick to look at.
import assert from "node:assert/strict";
import { test } from "node:test";
import { eventually } from "../eventually.ts";
import { chromiumIsMissing } from "./chromium.ts";
import { assertQuiet, startConsole } from "./console.ts";

const skip = chromiumIsMissing;
const house = skip ? undefined : await startConsole();

const ROWS = 100_000;
const IMPORT_MS_MAX = 180_000;
const FIRST = 600_000_000;
const LIST = `telefono;nombre\n${Array.from({ length: ROWS }, (_, at) => `${FIRST + at};Persona ${at}`).join("\n")}\n`;

test("a hundred thousand rows are imported in sight, and their campaign is looked at page by page", {
  skip,
}, async () => {
  const { enlace, signIn } = house ?? assert.fail();
  const { body: project } = await enlace.api.post("/api/v1/projects", { name: "Large" });
  const { body: campaign } = await enlace.api.post("/api/v1/campaigns", { name: "Everybody", project_id: project.id });
  const desk = await signIn();
  const { page } = desk;
  await page.goto(`/dialer/campaigns/${campaign.id}`);
  const file = { name: "everybody.csv", mimeType: "text/csv", buffer: Buffer.from(LIST) };
  await page.getByLabel("List of contacts").setInputFiles(file);
  await page.getByRole("row", { name: /Persona 0 · Persona 1 · Persona 2/ }).waitFor();
  // Held back by the store, so that it is seen under way however quick the machine is.
  const holder = await enlace.database.pool.connect();
  await holder.query("begin");
  await holder.query("lock table campaign_contacts in share mode");
  await page.getByRole("button", { name: "Import", exact: true }).click();
  const imports = page.getByRole("region", { name: "Imported lists" });
  await imports.getByRole("row", { name: /everybody\.csv is read/ }).waitFor();
  await imports.getByRole("progressbar", { name: "Progress of everybody.csv" }).waitFor();
  await holder.query("commit");
  holder.release();
  await imports.getByRole("row", { name: /everybody\.csv done 100001 100000 0 0/ }).waitFor({ timeout: IMPORT_MS_MAX });
  const contacts = page.getByRole("region", { name: "Contacts" });
  const rows = contacts.getByRole("row");
  await contacts.getByRole("cell", { name: "nombre: Persona 0", exact: true }).waitFor();
  const firstPage = await rows.count();
  assert.ok(firstPage < 60, `${firstPage} rows are drawn of ${ROWS}`);
  await contacts.getByRole("button", { name: "More" }).click();
  await contacts.getByRole("cell", { name: "nombre: Persona 99", exact: true }).waitFor();
  await contacts.getByLabel("Number").fill(String(FIRST + ROWS - 1));
  await page.keyboard.press("Enter");
  await contacts.getByRole("cell", { name: `nombre: Persona ${ROWS - 1}`, exact: true }).waitFor();
  await eventually(async () => assert.equal(await rows.count(), 2, "the headings and the one who was looked for"));
  assertQuiet(desk);
});
