// What only whoever operates the installation sees: every call centre, how the system is, its backups.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { gunzipSync } from "node:zlib";
import { eventually } from "../eventually.ts";
import { chromiumIsMissing } from "./chromium.ts";
import { assertQuiet, enter, see, startConsole } from "./console.ts";

const skip = chromiumIsMissing;
const house = skip ? undefined : await startConsole();

test("a call centre is added with its first administrator, who comes in, and is shut out once it is disabled", {
  skip,
}, async () => {
  const { signIn, sitDown, enlace } = house ?? assert.fail();
  const desk = await signIn();
  const { page } = desk;
  await page.goto("/admin/tenants");
  await page.getByRole("button", { name: "Add a call centre" }).click();
  const form = page.getByRole("dialog");
  await form.getByLabel("Number").fill("bogota");
  await form.getByLabel("Name", { exact: false }).first().fill("Centro Bogotá");
  await form.getByLabel("Time zone").fill("America/Bogota");
  await form.getByLabel("Country").fill("co");
  await form.getByLabel("First administrator").fill("rosa");
  await form.getByRole("button", { name: "Add" }).click();
  const password = await page.getByRole("dialog").getByLabel("One-time password").last().inputValue();
  await page.getByRole("button", { name: "Close" }).click();
  await page.getByRole("cell", { name: "Centro Bogotá", exact: true }).waitFor();
  const other = await sitDown();
  await enter(other.page, { username: "rosa", password });
  await other.page.waitForURL("**/account");
  await page.getByRole("button", { name: "Edit Centro Bogotá" }).click();
  await form.getByLabel("Name", { exact: false }).first().fill("Centro Medellín");
  await form.getByRole("button", { name: "Save" }).click();
  await page.getByRole("button", { name: "Disable Centro Medellín" }).click();
  await page.getByRole("cell", { name: "Centro Medellín disabled" }).waitFor();
  await assert.rejects(enlace.logIn("rosa", password), /401/);
  assertQuiet(desk);
});

test("the system's state is told in figures and words, with what must be mended first", { skip }, async () => {
  const { signIn } = house ?? assert.fail();
  const desk = await signIn();
  const { page } = desk;
  await page.goto("/admin/system");
  const checks = page.getByRole("region", { name: "What was looked at" });
  await checks.getByText("there is no backup in the folder for backups").waitFor();
  await checks.getByText(/^PostgreSQL \d+/).waitFor();
  await page.getByRole("region", { name: "Figures" }).getByText(process.version).waitFor();
  await page.getByRole("region", { name: "Processes that deliver" }).getByRole("row").nth(1).waitFor();
  assertQuiet(desk);
});

test("the system's state, what a PBX's check finds and why something is refused are told in Spanish to who reads Spanish", {
  skip,
}, async () => {
  const { enlace, signIn } = house ?? assert.fail();
  const away = { name: "Away", host: "127.0.0.1", port: 1, username: "enlace", secret: "synthetic" };
  assert.equal((await enlace.api.post("/api/v1/pbxs", away)).status, 201);
  const desk = await signIn();
  const { page } = desk;
  await page.locator(".side-language select").selectOption("es");
  await page.goto("/admin/system");
  const checks = page.getByRole("region", { name: "Qué se ha mirado" });
  await checks.getByText(/^Libres [\d.]+ GiB de/).waitFor();
  assert.deepEqual(await checks.locator("[lang=en]").allTextContents(), [], "every check speaks Spanish");
  await page.goto("/admin/pbxs");
  await page.getByRole("button", { name: /^Comprobar.*Away/ }).click();
  await see(page, /^nadie escucha en esa dirección/);
  await page.getByText(/¿Es correcto 127\.0\.0\.1:1/).waitFor();
  await page.getByRole("button", { name: "Añadir centralita" }).click();
  const form = page.getByRole("dialog");
  await form.getByLabel("Nombre").fill("Away");
  await form.getByRole("button", { name: /^(Añadir|Guardar)/ }).click();
  await form.getByText("Ya hay una centralita llamada «Away».").waitFor();
  assertQuiet(desk);
});

test("a backup is made, taken away whole, removed and had back; the way to restore it is a command", {
  skip,
}, async () => {
  const { enlace, signIn } = house ?? assert.fail();
  const desk = await signIn();
  const { page } = desk;
  await page.goto("/admin/backups");
  await see(page, "No backup yet");
  await page.getByRole("button", { name: "Make a backup" }).click();
  const download = page.getByRole("button", { name: /^Download enlace-/ });
  await download.waitFor();
  const [file] = await Promise.all([page.waitForEvent("download"), download.click()]);
  const head = gunzipSync(await readFile(await file.path())).toString("utf8");
  assert.match(head, /^{"enlace_backup":1/);
  await page.getByText(/npm run enlace -- restore --check .*enlace-.*\.backup/).waitFor();
  await page.getByRole("button", { name: /^Remove enlace-/ }).click();
  await see(page, "No backup yet");
  await page.getByRole("alert").getByRole("button", { name: "Undo" }).click();
  await download.waitFor();
  await page.getByRole("button", { name: /^Remove enlace-/ }).click();
  await page.getByRole("alert").filter({ hasText: "is removed." }).getByRole("button").last().click();
  await eventually(async () => assert.deepEqual((await enlace.api.get("/api/v1/backups")).body.items, []));
  assertQuiet(desk);
});

test("an administrator of one call centre is offered none of it", { skip }, async () => {
  const { signIn, addUser } = house ?? assert.fail();
  const desk = await signIn(await addUser("local-admin", "admin"));
  const { page } = desk;
  await page.goto("/admin/users");
  const tabs = page.getByRole("navigation", { name: "Administration" });
  await tabs.getByRole("link", { name: "Audit log" }).waitFor();
  for (const name of ["Call centres", "System", "Backups"])
    assert.equal(await tabs.getByRole("link", { name, exact: true }).count(), 0, name);
  await page.goto("/admin/backups");
  await page.getByRole("heading", { level: 1, name: "Administration" }).waitFor();
  assert.equal(await page.getByRole("button", { name: "Make a backup" }).count(), 0);
  assertQuiet(desk);
});
