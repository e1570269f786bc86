import "./dialer.css";
import { Link, useParams } from "@tanstack/react-router";
import type { ReactNode } from "react";
import type { OperationName } from "../../api/session.ts";
import { type TextKey, useText } from "../../locales/text.tsx";
import { useMay } from "../../ui/current-user.ts";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { Page } from "../../ui/Page.tsx";
import { Audios } from "./Audios.tsx";
import { Campaigns } from "./Campaigns.tsx";
import { Policies } from "./Policies.tsx";
import { Projects } from "./Projects.tsx";
import { Suppressions } from "./Suppressions.tsx";
import { TestCalls } from "./TestCalls.tsx";
import { Trunks } from "./Trunks.tsx";

interface Part {
  name: string;
  label: TextKey;
  needs: OperationName;
  content: ReactNode;
}

const PARTS: readonly Part[] = [
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
  const may = useMay();
  const { part } = useParams({ strict: false });
  const parts = PARTS.filter(({ needs }) => may(needs));
  const shown = part === undefined ? parts[0] : parts.find(({ name }) => name === part);
  return (
    <Page title={t("dialer.title")} lead={t("dialer.lead")}>
      <nav className="tabs" aria-label={t("dialer.title")}>
        {parts.map(({ name, label }) => (
          <Link
            key={name}
            to="/dialer/$part"
            params={{ part: name }}
            {...(name === shown?.name && { "aria-current": "page" as const })}
          >
            {t(label)}
          </Link>
        ))}
      </nav>
      {shown ? shown.content : <EmptyState title={t("missing.title")} />}
    </Page>
  );
}
