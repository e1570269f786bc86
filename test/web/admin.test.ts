// What an administrator sets up, and what everybody else is offered of it.
import assert from "node:assert/strict";
import { test } from "node:test";
import { eventually } from "../eventually.ts";
import { chromiumIsMissing } from "./chromium.ts";
import { assertQuiet, enter, see, settle, startConsole } from "./console.ts";

const skip = chromiumIsMissing;
const house = skip ? undefined : await startConsole();

test("a new user's one-time password is shown once and opens the door", { skip }, async () => {
  const { signIn, sitDown } = house ?? assert.fail();
  const desk = await signIn();
  const { page } = desk;
  await page.goto("/admin/users");
  await page.getByLabel("Username").fill("maria");
  await page.getByLabel("Role", { exact: true }).selectOption("supervisor");
  await page.getByRole("button", { name: "Add user" }).click();
  const password = await page.getByRole("dialog").getByLabel("One-time password").last().inputValue();
  assert.ok(password.length >= 10);
  await page.getByRole("button", { name: "Close" }).click();
  await page.getByRole("cell", { name: "maria", exact: false }).first().waitFor();
  assert.equal(await page.getByText(password).count(), 0);
  const other = await sitDown();
  await enter(other.page, { username: "maria", password });
  await other.page.waitForURL("**/account");
  await page.getByRole("button", { name: "Disable maria" }).click();
  await see(page, "disabled");
  assertQuiet(desk);
});

test("a removed user comes back by undo, and is gone for the server once the notice is closed or the page is left", {
  skip,
}, async () => {
  const { enlace, signIn, addUser } = house ?? assert.fail();
  for (const name of ["going-1", "going-2", "staying"]) await addUser(name, "viewer");
  const desk = await signIn();
  const { page } = desk;
  const namesOf = async (): Promise<string[]> =>
    (await enlace.api.get("/api/v1/users?limit=200")).body.items.map(({ username }: { username: string }) => username);
  const remove = (name: string): Promise<void> => page.getByRole("button", { name: `Remove ${name}` }).click();
  const isShown = (name: string, state: "visible" | "detached"): Promise<void> =>
    page.getByRole("cell", { name, exact: true }).waitFor({ state });
  await page.goto("/admin/users");
  await remove("staying");
  await isShown("staying", "detached");
  await page.getByRole("alert").getByRole("button", { name: "Undo" }).click();
  await isShown("staying", "visible");
  await remove("staying");
  await isShown("staying", "detached");
  await page.keyboard.press("Control+z");
  await isShown("staying", "visible");
  await remove("going-1");
  await see(page, "going-1 is removed.");
  assert.ok((await namesOf()).includes("going-1"), "what can still be undone is still there");
  await page.getByRole("alert").getByRole("button").last().click();
  await eventually(async () => assert.ok(!(await namesOf()).includes("going-1")));
  await remove("going-2");
  await see(page, "going-2 is removed.");
  await page.goto("about:blank");
  await eventually(async () => assert.ok(!(await namesOf()).includes("going-2")));
  assert.ok((await namesOf()).includes("staying"));
  assertQuiet(desk);
});

test("a removal that the server refuses puts things back and says why", { skip }, async () => {
  const { enlace, signIn } = house ?? assert.fail();
  const ami = { host: "127.0.0.1", port: 1, username: "enlace", secret: "a made-up secret" };
  const { body: pbx } = await enlace.api.post("/api/v1/pbxs", { name: "needed", ...ami });
  const trunk = { pbx_id: pbx.id, name: "needed" };
  const made = await enlace.api.post("/api/v1/trunks", trunk);
  assert.equal(made.status, 201, JSON.stringify(made.body));
  const { page } = await signIn();
  await page.goto("/admin/pbxs");
  await page.getByRole("button", { name: "Remove needed" }).click();
  await page.getByRole("heading", { name: "needed" }).waitFor({ state: "detached" });
  await page.getByRole("alert").getByRole("button").last().click();
  await see(page, "Trunks still dial over this PBX: remove them first.");
  await page.getByRole("heading", { name: "needed" }).waitFor();
});

test("an API key is shown once, works by its scopes, and is dead once revoked", { skip }, async () => {
  const { enlace, signIn } = house ?? assert.fail();
  const { page } = await signIn();
  await page.goto("/admin/keys");
  await page.getByLabel("Name").fill("wallboard");
  await page.getByLabel("calls:read").check();
  await page.getByRole("button", { name: "Make key" }).click();
  const key = await page.getByRole("dialog").getByLabel("API key").last().inputValue();
  const program = enlace.as({ "x-api-key": key });
  assert.equal((await program.get("/api/v1/calls")).status, 200);
  assert.equal((await program.get("/api/v1/users")).status, 403);
  await page.getByRole("button", { name: "Close" }).click();
  await page.getByRole("button", { name: "Revoke wallboard" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Revoke" }).click();
  await see(page, "The key is revoked.");
  assert.equal((await program.get("/api/v1/calls")).status, 401);
});

test("an extension and a PBX are added; the PBX's check says in words what is wrong", { skip }, async () => {
  const { enlace, signIn } = house ?? assert.fail();
  const desk = await signIn();
  const { page } = desk;
  await page.goto("/admin/extensions");
  await page.getByLabel("Number").fill("1001");
  await page.getByLabel("Name").fill("Desk one");
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByRole("cell", { name: "Desk one" }).waitFor();
  await page.getByRole("button", { name: "Remove 1001" }).click();
  await page.getByRole("cell", { name: "Desk one" }).waitFor({ state: "detached" });
  await page.getByRole("button", { name: "Undo" }).click();
  await page.getByRole("cell", { name: "Desk one" }).waitFor();
  await page.getByRole("link", { name: "PBXs" }).click();
  await page.getByRole("button", { name: "Add a PBX" }).click();
  const form = page.getByRole("dialog");
  await form.getByLabel("Name").fill("madrid");
  await form.getByLabel("Host or address").fill("127.0.0.1");
  await form.getByLabel("Port").fill("1");
  await form.getByLabel("AMI user").fill("enlace");
  await form.getByLabel("AMI secret").fill("a made-up secret");
  await form.getByRole("button", { name: "Save" }).click();
  await page.getByRole("button", { name: "Check now madrid" }).click();
  await see(page, "Something must be mended.");
  const { body } = await enlace.api.get("/api/v1/pbxs");
  const { id } = body.items.find(({ name }: { name: string }) => name === "madrid");
  await page.getByRole("button", { name: "Edit madrid" }).click();
  await form.getByLabel("AMI user").fill("enlace-2");
  await form.getByRole("button", { name: "Save" }).click();
  await eventually(async () => {
    const { body: changed } = await enlace.api.get(`/api/v1/pbxs/${id}`);
    assert.equal(changed.username, "enlace-2");
  });
  assertQuiet(desk);
});

test("a new webhook secret is shown once, and the audit log tells who made it", { skip }, async () => {
  const { page } = (await house?.signIn()) ?? assert.fail();
  await page.goto("/admin/webhooks");
  await page.getByRole("button", { name: "Make a new secret" }).click();
  const secret = await page.getByRole("dialog").getByLabel("Webhook secret").last().inputValue();
  assert.ok(secret.length >= 16);
  await page.getByRole("button", { name: "Close" }).click();
  await see(page, "good until");
  await page.getByRole("link", { name: "Audit log" }).click();
  await page
    .getByRole("cell", { name: /^webhook_secret/ })
    .first()
    .waitFor();
  assert.doesNotMatch((await page.locator("main").textContent()) ?? "", new RegExp(secret));
});

test("the call centre's zone is changed, and the screens tell time in it at once", { skip }, async () => {
  const { enlace, signIn } = house ?? assert.fail();
  const { page } = await signIn();
  await page.goto("/admin/tenant");
  await page.getByLabel("Time zone").fill("America/Bogota");
  await page.getByRole("button", { name: "Save", exact: true }).click();
  await see(page, "Saved.");
  await page.getByRole("link", { name: "Calls", exact: true }).click();
  await see(page, /Times are those of America\/Bogota/);
  await enlace.api.patch("/api/v1/tenant", { time_zone: "Europe/Madrid" });
});

test("who answers phones sees the own calls first, and everybody's once the filter is cleared", { skip }, async () => {
  const { enlace, signIn, addUser } = house ?? assert.fail();
  const ana = await addUser("ana-agent", "agent");
  const { body } = await enlace.api.get("/api/v1/users?limit=200");
  const { id } = body.items.find(({ username }: { username: string }) => username === "ana-agent");
  await enlace.api.put("/api/v1/extensions/1044", { name: "Ana", user_id: id });
  for (const [call_uuid, from, agent_ext] of [
    ["own", "+34600000071", "1044"],
    ["colleague", "+34600000072", "1045"],
  ])
    await enlace.postCall({
      ...{ call_uuid, from, agent_ext, to: "+34900112233", direction: "inbound", status: "completed" },
      ...{ start_time: "2025-08-02T14:00:00Z", end_time: "2025-08-02T14:01:00Z" },
    });
  const admin = await signIn();
  await admin.page.goto("/admin/users");
  await admin.page
    .getByRole("row", { name: /ana-agent/ })
    .getByRole("cell", { name: "1044" })
    .waitFor();
  const desk = await signIn(ana);
  const { page } = desk;
  await page.getByRole("navigation", { name: "Main" }).getByRole("link", { name: "Calls", exact: true }).click();
  await page.waitForURL(({ search }) => search.includes("1044"));
  await page.locator("tbody a").first().waitFor();
  const shown = async (): Promise<string> => ((await page.locator("tbody").textContent()) ?? "").replaceAll(/\D/g, "");
  assert.match(await shown(), /600000071/);
  assert.doesNotMatch(await shown(), /600000072/);
  await page.getByLabel("Extension").fill("");
  await page.getByLabel("Extension").press("Enter");
  await eventually(async () => assert.match(await shown(), /600000072/));
  assertQuiet(desk);
});

const NAVIGATION = {
  supervisor: ["Live", "Calls", "Reports", "Deliveries", "Connections", "Dialer", "Administration"],
  viewer: ["Live", "Calls", "Reports", "Deliveries", "Connections", "Dialer", "Administration"],
  agent: ["Live", "Calls"],
} as const;

for (const [role, places] of Object.entries(NAVIGATION)) {
  test(`a role sees only what it may: ${role} is never refused by a screen it is offered`, { skip }, async () => {
    const { enlace, signIn, addUser } = house ?? assert.fail();
    await enlace.postCall({
      call_uuid: "seen",
      from: "+34600000088",
      to: "1001",
      direction: "inbound",
      status: "completed",
      start_time: "2025-08-02T14:00:00Z",
      end_time: "2025-08-02T14:01:00Z",
    });
    const desk = await signIn(await addUser(`role-${role}`, role));
    const { page } = desk;
    const refused: string[] = [];
    page.on("response", (response) => {
      if (response.status() === 403) refused.push(response.url());
    });
    const navigation = page.getByRole("navigation", { name: "Main" });
    await navigation.getByRole("link").first().waitFor();
    assert.deepEqual(await navigation.getByRole("link").allInnerTexts(), [...places]);
    for (const place of places) {
      await navigation.getByRole("link", { name: place, exact: true }).click();
      await page.getByRole("heading", { level: 1, name: place, exact: true }).waitFor();
      await settle(desk);
    }
    await page.goto("/calls");
    await page.locator("tbody a").first().click();
    await page.getByRole("heading", { level: 1 }).filter({ hasText: "+34600000088" }).waitFor();
    await settle(desk);
    assert.equal(await page.getByRole("button", { name: "Discard" }).count(), 0);
    assert.deepEqual(refused, []);
    assertQuiet(desk);
  });
}
