// The wallboard: what the simulated PBX does is on the screen as it happens, without a reload and without asking.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import type { Page } from "playwright-core";
import { systemClock } from "../../src/kit/clock.ts";
import type { FakeCallee } from "../../src/telephony/fake-pbx/fake-callees.ts";
import { startFakePbx } from "../../src/telephony/fake-pbx/fake-pbx.ts";
import { createDialerFixture, type DialerFixture } from "../dialer-fixture.ts";
import { eventually } from "../eventually.ts";
import { findViolations } from "./axe.ts";
import { chromiumIsMissing } from "./chromium.ts";
import { assertQuiet, see, settle, startConsole } from "./console.ts";

const skip = chromiumIsMissing;
const LONG_MS = 3_600_000;
const account = { username: "enlace", secret: "test-secret" };
const RINGS: FakeCallee = { does: "human", ringMs: LONG_MS, keys: "", patienceMs: LONG_MS };
const NOBODYS: FakeCallee = { does: "unknown", ringMs: 20, keys: "", patienceMs: LONG_MS };
const CUSTOMER = "600000011";

const pbx = await startFakePbx({
  ...{ clock: systemClock, seed: 1, ...account },
  people: { extensions: ["101", "102"], queueMembers: ["101", "102"], outside: [CUSTOMER], office: "900000001" },
  outside: {
    toCallee: (number) => (number.endsWith("9") ? RINGS : NOBODYS),
    agi: () => undefined,
    soundMs: 10,
  },
});
const house = skip
  ? undefined
  : await startConsole({
      env: {
        ...{ AMI_HOST: "127.0.0.1", AMI_PORT: String(pbx.port) },
        ...{ AMI_USERNAME: account.username, AMI_SECRET: account.secret },
      },
    });
after(() => pbx.stop()); // Enlace ends before it

const callIn = (): void =>
  void pbx.exchange.calls.begin({
    ...{ kind: "group", from: CUSTOMER, to: "900000001", members: ["101"], by: "101" },
    behaviour: { does: "answer", ringMs: 200, talkMs: LONG_MS, hangsUp: "called" },
  });

let prepared: Promise<DialerFixture> | undefined;
const prepareDialer = (): Promise<DialerFixture> => {
  prepared ??= createDialerFixture(house?.enlace ?? assert.fail());
  return prepared;
};

const inRegion = (page: Page, name: string) => page.getByRole("region", { name, exact: true });

test("who begins is told what will show here, and how to make it so", { skip }, async () => {
  const desk = (await house?.signIn()) ?? assert.fail();
  const { page } = desk;
  await page.goto("/live");
  await see(page, "Nobody is on the phone");
  await inRegion(page, "Agents").getByRole("link", { name: "Add extensions" }).waitFor();
  await inRegion(page, "Campaigns").getByRole("link", { name: "See campaigns" }).waitFor();
  await inRegion(page, "Trunks").getByRole("link", { name: "Add a trunk" }).click();
  await page.waitForURL("**/dialer/trunks");
  assertQuiet(desk);
});

test("a call, its agent, its trunk and a campaign move on the screen by themselves", { skip }, async () => {
  const { enlace } = house ?? assert.fail();
  const dialer = await prepareDialer();
  for (const [number, name] of [
    ["101", "Ana"],
    ["102", "Luis"],
  ])
    assert.equal((await enlace.api.put(`/api/v1/extensions/${number}`, { name })).status, 200);
  const trunkId = await dialer.createTrunk("trunk", { channels_max: 30 });
  const trunks = [{ trunk_id: trunkId, weight: 1 }];
  const project = await dialer.createProject("Reminders", { trunks });

  const desk = (await house?.signIn()) ?? assert.fail();
  const { page } = desk;
  const asked: string[] = [];
  await page.goto("/live");
  const [calls, agents, trunkList] = ["Calls in progress", "Agents", "Trunks"].map((name) => inRegion(page, name));
  const campaigns = inRegion(page, "Campaigns");
  await trunkList?.getByRole("listitem", { name: "trunk", exact: true }).getByText("0 of 30 channels").waitFor();
  await agents?.getByRole("listitem").filter({ hasText: "Luis" }).getByText("free", { exact: true }).waitFor();
  await settle(desk);
  await page.locator(".chart canvas").first().waitFor(); // charts come after the screen
  page.on("request", (request) => asked.push(new URL(request.url()).pathname));

  callIn();
  const row = calls?.getByRole("row").filter({ hasText: `+34${CUSTOMER}` }) ?? assert.fail();
  await row.getByText("talking").waitFor();
  const ana = agents?.getByRole("listitem").filter({ hasText: "Ana" }) ?? assert.fail();
  await ana.getByText("talking").waitFor();
  await ana.getByRole("link", { name: `+34${CUSTOMER}` }).waitFor();
  const clock = row.locator(".since");
  const before = await clock.textContent();
  await eventually(async () => assert.notEqual(await clock.textContent(), before));
  await trunkList?.getByText("1 of 30 channels").waitFor();

  await dialer.startCampaign(project.id, ["+34600000201", "+34600000209"]);
  const progress = campaigns.getByRole("progressbar", { name: /^Progress of/ });
  await eventually(async () => assert.equal(await progress.getAttribute("value"), "1"));
  await campaigns.getByText(/1 of 2 done · 1 ringing, 0 talking/).waitFor();
  await trunkList?.getByText("2 of 30 channels").waitFor();
  assert.deepEqual(
    asked.filter((path) => path.startsWith("/api/") && path !== "/api/v1/live" && path !== "/api/v1/refresh"),
    [],
    "nothing else was asked for", // but the drawing of the last hour, which comes by itself when it is ready
  );
  await campaigns.getByRole("button", { name: /^Pause/ }).click();
  await campaigns.getByText("paused", { exact: true }).waitFor();
  await campaigns.getByRole("button", { name: /^Start/ }).waitFor();
  assert.deepEqual(await findViolations(page), []);

  await row.getByRole("link").press("Enter");
  await page.waitForURL("**/calls/*");
  assertQuiet(desk);
});

test("a campaign's page moves by the live stream, and does not ask again and again", { skip }, async () => {
  const { enlace } = house ?? assert.fail();
  const dialer = await prepareDialer();
  // One number every two seconds: whoever asks every two seconds would ask in between.
  const trunkId = await dialer.createTrunk("slow", { per_second: 0.5 });
  const project = await dialer.createProject("Slowly", { trunks: [{ trunk_id: trunkId, weight: 1 }] });
  const numbers = Array.from({ length: 60 }, (_, index) => `+3460000${String(4000 + index * 10)}`);
  const campaignId = await dialer.startCampaign(project.id, numbers);
  const desk = (await house?.signIn()) ?? assert.fail();
  const { page } = desk;
  let asked = 0;
  page.on("request", (request) => {
    if (request.url().endsWith("/statistics")) asked += 1;
  });
  await page.goto(`/dialer/campaigns/${campaignId}`);
  const failed = page.locator(".figure", { has: page.getByText("Not reached", { exact: true }) }).locator("dd");
  const readFailed = async (): Promise<number> => Number(await failed.textContent());
  await failed.waitFor();
  await settle(desk);
  await eventually(async () => {
    const [before, askedBefore] = [await readFailed(), asked]; // once more when the stream has just begun
    await eventually(async () => assert.ok((await readFailed()) >= before + 3));
    assert.equal(asked, askedBefore);
  });
  assert.equal((await enlace.api.post(`/api/v1/campaigns/${campaignId}/stop`)).status, 200);
  await page.getByText("stopped", { exact: true }).first().waitFor();
  assertQuiet(desk);
});

test("a phone shows the same in one column, nothing cut off", { skip }, async () => {
  const viewport = { width: 390, height: 844 };
  const desk = (await house?.signIn(undefined, { viewport })) ?? assert.fail();
  const { page } = desk;
  await page.goto("/live");
  await inRegion(page, "Agents").getByText("Ana").waitFor();
  await settle(desk);
  const widthPx = await page.evaluate("document.documentElement.scrollWidth");
  assert.equal(widthPx, viewport.width);
  const [calls, agents] = await Promise.all(
    ["Calls in progress", "Agents"].map((name) => inRegion(page, name).boundingBox()),
  );
  assert.ok(calls && agents && agents.y >= calls.y + calls.height, "one below the other");
  assertQuiet(desk);
});

test("a viewer sees campaigns and steers none; an agent sees colleagues, and neither campaigns nor trunks", {
  skip,
}, async () => {
  const { addUser, signIn } = house ?? assert.fail();
  const { page: viewer } = await signIn(await addUser("vera", "viewer"));
  await viewer.goto("/live");
  await inRegion(viewer, "Campaigns").getByText("paused", { exact: true }).waitFor();
  assert.equal(await inRegion(viewer, "Campaigns").getByRole("button").count(), 0);
  const { page: agent } = await signIn(await addUser("carlos", "agent"));
  await agent.goto("/live");
  await inRegion(agent, "Agents").getByText("Ana").waitFor();
  assert.equal(await inRegion(agent, "Campaigns").count(), 0);
  assert.equal(await inRegion(agent, "Trunks").count(), 0);
});

test("the wall fills the screen", { skip }, async () => {
  const { page } = (await house?.signIn()) ?? assert.fail();
  await page.goto("/live");
  await page.getByRole("button", { name: "Full screen" }).click();
  await eventually(async () =>
    assert.equal(await page.evaluate("document.fullscreenElement?.className ?? null"), "wall"),
  );
});
