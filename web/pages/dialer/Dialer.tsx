import "./dialer.css";
import { lazy } from "react";
import { useText } from "../../locales/text.tsx";
import { type Part, TabbedPage } from "../../ui/TabbedPage.tsx";
import { Campaigns } from "./Campaigns.tsx";
import { Projects } from "./Projects.tsx";

// Tabs that most people open less often come when they are opened: the page is part of a first load.
const Audios = lazy(async () => ({ default: (await import("./Audios.tsx")).Audios }));
const Policies = lazy(async () => ({ default: (await import("./Policies.tsx")).Policies }));
const Suppressions = lazy(async () => ({ default: (await import("./Suppressions.tsx")).Suppressions }));
const TestCalls = lazy(async () => ({ default: (await import("./TestCalls.tsx")).TestCalls }));
const Trunks = lazy(async () => ({ default: (await import("./Trunks.tsx")).Trunks }));

export const DIALER_PARTS: readonly Part[] = [
  { name: "campaigns", label: "dialer.campaigns", needs: "GET /api/v1/campaigns", content: <Campaigns /> },
  { name: "projects", label: "dialer.projects", needs: "GET /api/v1/projects", content: <Projects /> },
  { name: "audios", label: "dialer.audios", needs: "GET /api/v1/audios", content: <Audios /> },
  {
    name: "do-not-call",
    label: "dialer.suppressions",
    needs: "GET /api/v1/suppressions",
    content: <Suppressions />,
  },
  { name: "policies", label: "dialer.policies", needs: "GET /api/v1/dialer/policies", content: <Policies /> },
  { name: "calls", label: "dialer.singleCalls", needs: "GET /api/v1/attempts", content: <TestCalls /> },
  { name: "trunks", label: "dialer.trunks", needs: "GET /api/v1/trunks", content: <Trunks /> },
];

/** Everything about calls that Enlace places by itself: whom, when, what is said, over which lines. */
export function Dialer() {
  const { t } = useText();
  return <TabbedPage title={t("dialer.title")} lead={t("dialer.lead")} to="/dialer/$part" parts={DIALER_PARTS} />;
}
