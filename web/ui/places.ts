import type { OperationName } from "../api/session.ts";
import type { TextKey } from "../locales/text.tsx";
import type { IconName } from "./Icon.tsx";

/** A page of the navigation. */
export interface Place {
  to: "/live" | "/calls" | "/reports" | "/deliveries" | "/connections" | "/dialer" | "/admin";
  icon: IconName;
  label: TextKey;
  /** `g` and this letter lead there, in every language. */
  key: string;
  /** Without the right to this there is nothing to see there. */
  needs?: OperationName;
}

export const PLACES: readonly Place[] = [
  { to: "/live", icon: "live", label: "nav.live", key: "l" },
  { to: "/calls", icon: "calls", label: "nav.calls", key: "c" },
  { to: "/reports", icon: "reports", label: "nav.reports", key: "r", needs: "GET /api/v1/calls/statistics" },
  { to: "/deliveries", icon: "deliveries", label: "nav.deliveries", key: "d", needs: "GET /api/v1/deliveries" },
  { to: "/connections", icon: "connections", label: "nav.connections", key: "o", needs: "GET /api/v1/connections" },
  { to: "/dialer", icon: "dialer", label: "dialer.title", key: "m", needs: "GET /api/v1/campaigns" },
  { to: "/admin", icon: "admin", label: "nav.admin", key: "a", needs: "GET /api/v1/pbxs" },
];
