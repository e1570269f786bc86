// Every page and its address. The address holds the state of a page: filters are search parameters.
import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  Outlet,
  redirect,
} from "@tanstack/react-router";
import { toProblem } from "./api/problem.ts";
import { loadMe } from "./api/session.ts";
import { parseCallSearch } from "./pages/calls/call-search.ts";
import { parseDeliverySearch } from "./pages/deliveries/delivery-search.ts";
import { parseReportSearch } from "./pages/reports/report-search.ts";
import { SignIn } from "./pages/SignIn.tsx";
import { parseSetupSearch } from "./pages/setup/setup-steps.ts";
import { PageError, PageMissing } from "./ui/PageError.tsx";
import { Shell } from "./ui/Shell.tsx";

const root = createRootRoute({ component: Outlet, errorComponent: PageError, notFoundComponent: PageMissing });

const signIn = createRoute({
  getParentRoute: () => root,
  path: "/sign-in",
  validateSearch: (search: Record<string, unknown>): { next?: string } => {
    const { next } = search;
    // Only a path of our own: `//other.example` would leave for another site.
    return typeof next === "string" && /^\/(?![/\\])/.test(next) ? { next } : {};
  },
  component: SignIn,
});

/** Everything below needs somebody who is signed in. */
const house = createRoute({
  getParentRoute: () => root,
  id: "house",
  component: Shell,
  beforeLoad: async ({ location }) => {
    const me = await loadMe().catch((error: unknown) => {
      if (toProblem(error).code === "unauthenticated") return null;
      throw error;
    });
    if (!me) throw redirect({ to: "/sign-in", search: { next: location.href } });
    if (me.must_change_password && location.pathname !== "/account") throw redirect({ to: "/account" });
  },
});

const start = createRoute({
  getParentRoute: () => root,
  path: "/",
  beforeLoad: () => {
    throw redirect({ to: "/live" });
  },
});
const live = createRoute({
  getParentRoute: () => house,
  path: "/live",
  component: lazyRouteComponent(() => import("./pages/live/Live.tsx"), "Live"),
});
const calls = createRoute({
  getParentRoute: () => house,
  path: "/calls",
  validateSearch: parseCallSearch,
  // Who answers phones sees the own calls first; with the filter cleared, everybody's.
  beforeLoad: async ({ search, cause }) => {
    const me = await loadMe();
    const [own] = me?.role === "agent" ? me.extensions : [];
    if (own !== undefined && cause !== "stay" && Object.keys(search).length === 0)
      throw redirect({ to: "/calls", search: { extension: own } });
  },
  component: lazyRouteComponent(() => import("./pages/calls/Calls.tsx"), "Calls"),
});
const call = createRoute({
  getParentRoute: () => house,
  path: "/calls/$id",
  component: lazyRouteComponent(() => import("./pages/calls/CallPage.tsx"), "CallPage"),
});
const reports = createRoute({
  getParentRoute: () => house,
  path: "/reports",
  validateSearch: parseReportSearch,
  component: lazyRouteComponent(() => import("./pages/reports/Reports.tsx"), "Reports"),
});
const deliveries = createRoute({
  getParentRoute: () => house,
  path: "/deliveries",
  validateSearch: parseDeliverySearch,
  component: lazyRouteComponent(() => import("./pages/deliveries/Deliveries.tsx"), "Deliveries"),
});
const connections = createRoute({
  getParentRoute: () => house,
  path: "/connections",
  component: lazyRouteComponent(() => import("./pages/connections/Connections.tsx"), "Connections"),
});
const newConnection = createRoute({
  getParentRoute: () => house,
  path: "/connections/new/$connector",
  component: lazyRouteComponent(() => import("./pages/connections/NewConnection.tsx"), "NewConnection"),
});
const connection = createRoute({
  getParentRoute: () => house,
  path: "/connections/$id",
  component: lazyRouteComponent(() => import("./pages/connections/ConnectionPage.tsx"), "ConnectionPage"),
});
const dialer = createRoute({
  getParentRoute: () => house,
  path: "/dialer",
  component: lazyRouteComponent(() => import("./pages/dialer/Dialer.tsx"), "Dialer"),
});
const dialerPart = createRoute({
  getParentRoute: () => house,
  path: "/dialer/$part",
  component: lazyRouteComponent(() => import("./pages/dialer/Dialer.tsx"), "Dialer"),
});
const campaign = createRoute({
  getParentRoute: () => house,
  path: "/dialer/campaigns/$id",
  component: lazyRouteComponent(() => import("./pages/dialer/CampaignPage.tsx"), "CampaignPage"),
});
const project = createRoute({
  getParentRoute: () => house,
  path: "/dialer/projects/$id",
  component: lazyRouteComponent(() => import("./pages/dialer/ProjectPage.tsx"), "ProjectPage"),
});
const admin = createRoute({
  getParentRoute: () => house,
  path: "/admin",
  component: lazyRouteComponent(() => import("./pages/admin/Admin.tsx"), "Admin"),
});
const adminPart = createRoute({
  getParentRoute: () => house,
  path: "/admin/$part",
  component: lazyRouteComponent(() => import("./pages/admin/Admin.tsx"), "Admin"),
});
const setup = createRoute({
  getParentRoute: () => house,
  path: "/setup",
  validateSearch: parseSetupSearch,
  component: lazyRouteComponent(() => import("./pages/setup/Setup.tsx"), "Setup"),
});
const account = createRoute({
  getParentRoute: () => house,
  path: "/account",
  component: lazyRouteComponent(() => import("./pages/Account.tsx"), "Account"),
});

const tree = root.addChildren([
  start,
  signIn,
  house.addChildren([
    live,
    calls,
    call,
    reports,
    setup,
    deliveries,
    connections,
    newConnection,
    connection,
    admin,
    adminPart,
    account,
    dialer,
    dialerPart,
    campaign,
    project,
  ]),
]);

export function createConsoleRouter() {
  return createRouter({
    routeTree: tree,
    defaultPreload: "intent",
    defaultPreloadStaleTime: 0,
    // What a page does not know of in its address is dropped, not passed on unread.
    search: { strict: true },
  });
}

declare module "@tanstack/react-router" {
  interface Register {
    router: ReturnType<typeof createConsoleRouter>;
  }
}
