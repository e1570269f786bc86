// What people, PBXs and other sites may send: markup stays text on every screen, and a page of another site can do nothing.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { after, test } from "node:test";
import { eventually } from "../eventually.ts";
import { chromiumIsMissing } from "./chromium.ts";
import { assertQuiet, startConsole } from "./console.ts";
import { makeWave } from "./dialer-scenery.ts";
import { addWholeScenery, unfold, WALKING_FACTOR, walk } from "./walk.ts";

const skip = chromiumIsMissing;
const house = skip ? undefined : await startConsole({ clockFactor: WALKING_FACTOR });
const screens = house ? await addWholeScenery(house) : [];
const MARKUP = '<img src=x onerror="window.wasRun=1"><b id="injected">bold</b>';
const SCRIPT = "</script><script>window.wasRun=1</script>";

test("markup in any name that somebody may choose is text on every screen, and no screen asks anybody else for anything", {
  skip,
}, async () => {
  const desk = (await house?.signIn()) ?? assert.fail();
  const { page } = desk;
  const named = await nameEverything();
  const shown = new Set<string>();
  await walk(desk, [...screens, { name: "markup-call", path: `/calls/${named.callId}` }], async ({ path }) => {
    await unfold(desk);
    assert.equal(await page.evaluate("'wasRun' in window"), false, path);
    assert.equal(await page.locator("#injected, main script, main img:not([src^='/'])").count(), 0, path);
    if (((await page.locator("main").first().textContent()) ?? "").includes("onerror=")) shown.add(path);
  });
  const wanted = ["/calls", `/calls/${named.callId}`, "/dialer/audios", "/dialer/projects", "/dialer/do-not-call"];
  const others = ["/dialer", "/admin/users", "/admin/extensions", "/admin/pbxs", "/connections"];
  // Elsewhere there would be nothing to see of it, and the walk would prove nothing.
  assert.deepEqual(
    [...wanted, ...others].filter((path) => !shown.has(path)),
    [],
  );
  assertQuiet(desk);
});

test("a campaign whose name is markup is found in the palette by a word of it", { skip }, async () => {
  const desk = (await house?.signIn()) ?? assert.fail();
  const { page } = desk;
  await page.getByRole("heading", { name: "Live", exact: true }).waitFor();
  await page.keyboard.press("Control+k");
  await page.keyboard.type("onerror");
  await page.locator("[role=dialog] button", { hasText: "<img src=x" }).first().waitFor();
  assert.equal(await page.locator("#injected").count(), 0);
  assert.equal(await page.evaluate("'wasRun' in window"), false);
  assertQuiet(desk);
});

test("a page of another site can neither renew the session nor end it, nor read or change anything with its cookie", {
  skip,
}, async () => {
  const { enlace, signIn } = house ?? assert.fail();
  const desk = await signIn();
  const { page } = desk;
  const stranger = await startStranger();
  const theirs = await page.context().newPage();
  await theirs.goto(stranger);
  const attacks: [string, string, string][] = [
    ["POST", "/api/v1/refresh", "text/plain"],
    ["POST", "/api/v1/logout", "text/plain"],
    ["POST", "/api/v1/users", "text/plain"],
    ["GET", "/api/v1/calls", "text/plain"],
    ["DELETE", "/api/v1/sessions/1", "application/json"],
    ["PATCH", "/api/v1/tenant", "application/json"],
  ];
  const usersBefore = (await enlace.api.get("/api/v1/users")).body.items.length;
  for (const [method, path, type] of attacks) {
    // Whether the answer is hidden from them or says no: they learn and change nothing.
    const learnt = await theirs.evaluate<string>(`fetch("${enlace.url}${path}", {
      method: "${method}", credentials: "include", headers: { "content-type": "${type}" },
      ...("${method}" !== "GET" && { body: "{}" }),
    }).then((response) => response.text(), () => "hidden")`);
    assert.equal(learnt, "hidden", `${method} ${path}`);
  }
  await theirs.evaluate(`(() => {
    const form = document.createElement("form");
    form.method = "post";
    form.action = "${enlace.url}/api/v1/logout";
    document.body.append(form);
    form.submit();
  })()`);
  await theirs.waitForURL(`${enlace.url}/**`);
  await page.reload();
  await page.getByRole("heading", { name: "Live", exact: true }).waitFor();
  assert.equal((await enlace.api.get("/api/v1/users")).body.items.length, usersBefore);
});

test("no site may show the console in a frame", { skip }, async () => {
  const { enlace, sitDown } = house ?? assert.fail();
  const { page } = await sitDown();
  await page.goto(await startStranger());
  const refusals: string[] = [];
  page.on("console", (message) => refusals.push(message.text()));
  await page.evaluate(`(() => {
    const frame = document.createElement("iframe");
    frame.src = "${enlace.url}/sign-in";
    document.body.append(frame);
  })()`);
  await eventually(() => assert.ok(refusals.some((text) => /frame/i.test(text) && text.includes(enlace.url))));
});

/** Gives names with markup to whatever people may name; the call among them. */
async function nameEverything(): Promise<{ callId: string }> {
  const { enlace } = house ?? assert.fail();
  const { api, crm, postCall, rows } = enlace;
  const make = async (path: string, body: object): Promise<{ id: string }> => {
    const { status, body: made } = await api.post(path, body);
    assert.ok(status === 200 || status === 201, `${path}: ${JSON.stringify(made)}`);
    return made;
  };
  crm.addContact({ firstname: MARKUP, lastname: SCRIPT, phone: "+34600000071" });
  for (const from of [MARKUP, "+34600000071"]) {
    const { status } = await postCall({
      ...{ call_uuid: `markup-${from.length}`, from, to: "+34900112233", direction: "inbound" },
      ...{ status: "completed", agent_ext: "1001", trunk: MARKUP, pbx_system: MARKUP },
      ...{ start_time: new Date().toISOString(), end_time: new Date().toISOString() },
    });
    assert.ok(status < 300, String(status));
  }
  await make("/api/v1/pbxs", { name: MARKUP.slice(0, 60) });
  await make("/api/v1/projects", { name: MARKUP });
  await api.put("/api/v1/extensions/1001", { name: MARKUP, peers: ["1001"] });
  await make("/api/v1/users", { username: "markup", name: MARKUP, role: "viewer" });
  await make("/api/v1/suppressions", { number: "+34600000098", reason: MARKUP });
  const [{ id: projectId }] = (await api.get("/api/v1/projects")).body.items;
  await make("/api/v1/campaigns", { name: MARKUP, project_id: projectId });
  await rows("update connections set name = $1", [MARKUP.slice(0, 60)]);
  await uploadAudio();
  return await eventually(async () => {
    const [call] = (await api.get("/api/v1/calls?number=%2B34600000071")).body.items;
    assert.equal(call?.deliveries[0]?.state, "delivered");
    return { callId: call.id };
  });
}

async function uploadAudio(): Promise<void> {
  const { enlace } = house ?? assert.fail();
  const form = new FormData();
  form.set("file", new Blob([makeWave()]), "<img src=x onerror='window.wasRun=1'>.wav");
  const { body } = await enlace.api.post("/api/v1/api-keys", { name: MARKUP.slice(0, 60), scopes: ["dialer:write"] });
  const headers = { "x-api-key": body.key };
  const { status } = await fetch(`${enlace.url}/api/v1/audios`, { method: "POST", body: form, headers });
  assert.equal(status, 201);
}

/** Another site, on another address than Enlace's. */
async function startStranger(): Promise<string> {
  const server = createServer((_request, response) => {
    response.writeHead(200, { "content-type": "text/html" }).end("<!doctype html><title>Elsewhere</title>");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  after(() => server.close());
  return `http://localhost:${(server.address() as AddressInfo).port}/`;
}
