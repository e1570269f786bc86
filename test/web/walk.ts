// A walk through every screen of the console. The list is the console's own (web/routes.tsx and the tabs it draws), so that a
// new screen is walked without being asked for, and one that needs something in its address fails until it is given.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Console, type Desk, settle } from "./console.ts";
import { addDialerScenery } from "./dialer-scenery.ts";
import { addScenery } from "./scenery.ts";

const ROUTES = join(import.meta.dirname, "..", "..", "web", "routes.tsx");
/** Pages of tabs: their tabs are read from the screen. */
const TAB = /^\/[a-z-]+\/\$part$/;

/**
 * How much faster than the machine's the clock of a house that is walked may run: back-offs pass quickly, and the ten minutes of
 * an access token still outlast every screen, so that none is renewed while the walk goes on to the next.
 */
export const WALKING_FACTOR = 4;

export interface Screen {
  name: string;
  path: string;
}

/** A call centre and a dialer in the middle of their day, and every address there is to look at in them. */
export async function addWholeScenery(house: Console): Promise<readonly Screen[]> {
  const { callId } = await addScenery(house);
  const { campaignId, projectId } = await addDialerScenery(house);
  const named: Record<string, Readonly<Record<string, string>>> = {
    "/calls/$id": { call: `/calls/${callId}`, "missing-call": "/calls/999999999" },
    "/connections/$id": { connection: "/connections/1" },
    "/connections/new/$connector": {
      "new-webhook": "/connections/new/webhook",
      "new-vtiger": "/connections/new/vtiger",
    },
    "/dialer/campaigns/$id": { "dialer-campaign": `/dialer/campaigns/${campaignId}` },
    "/dialer/projects/$id": {
      "dialer-project": `/dialer/projects/${projectId}`,
      "dialer-new-project": "/dialer/projects/new",
    },
    "/deliveries": { deliveries: "/deliveries", "deliveries-all": "/deliveries?state=all" },
    "/setup": { setup: "/setup?step=pbx", "setup-crm": "/setup?step=crm", "setup-trial": "/setup?step=trial" },
  };
  return loadRoutes().flatMap((route) => toScreens(route, named[route]));
}

/** The paths of web/routes.tsx but the start, which leads elsewhere. */
export function loadRoutes(): string[] {
  const routes = [...readFileSync(ROUTES, "utf8").matchAll(/path: "([^"]+)"/g)].map(([, path = ""]) => path);
  return routes.filter((path) => path !== "/" && !TAB.test(path));
}

function toScreens(route: string, named: Readonly<Record<string, string>> | undefined): Screen[] {
  if (named) return Object.entries(named).map(([name, path]) => ({ name, path }));
  assert.ok(!route.includes("$"), `test/web/walk.ts does not say what to look at of ${route}`);
  return [{ name: toName(route), path: route }];
}

const toName = (path: string): string => path.slice(1).replaceAll("/", "-");

/** Opens one screen after the other, and every tab that a screen offers; `visit` comes when all of it is there. */
export async function walk(
  desk: Desk,
  screens: readonly Screen[],
  visit: (screen: Screen) => Promise<void>,
): Promise<Screen[]> {
  const ahead = [...screens];
  for (const screen of ahead) {
    await desk.page.goto(screen.path);
    await settle(desk);
    for (const path of await findTabs(desk)) {
      if (!ahead.some((known) => known.path === path)) ahead.push({ name: toName(path), path });
    }
    await visit(screen);
  }
  return ahead;
}

/** Opens what is folded: the first few, since a list has fifty of one kind, each of which asks the server. */
export async function unfold(desk: Desk): Promise<void> {
  await desk.page.evaluate(
    "for (const each of [...document.querySelectorAll('details')].slice(0, 6)) each.open = true",
  );
  await settle(desk);
}

/** Addresses of the tabs on this screen. */
async function findTabs({ page }: Desk): Promise<string[]> {
  const paths = await page.locator("nav.tabs a").evaluateAll((tabs) => tabs.map((tab) => tab.getAttribute("href")));
  return paths.flatMap((path) => path ?? []);
}
