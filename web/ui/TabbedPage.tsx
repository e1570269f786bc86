import { Link, useParams } from "@tanstack/react-router";
import { type ReactNode, Suspense } from "react";
import type { OperationName } from "../api/session.ts";
import { type TextKey, useText } from "../locales/text.tsx";
import { useMay } from "./current-user.ts";
import { EmptyState } from "./EmptyState.tsx";
import { Loading } from "./Loading.tsx";
import { Page } from "./Page.tsx";

export interface Part {
  /** In the address. */
  name: string;
  label: TextKey;
  /** Who may not do this does not see the part. */
  needs: OperationName;
  content: ReactNode;
}

interface TabbedPageProps {
  title: string;
  lead?: string;
  to: "/admin/$part" | "/dialer/$part";
  parts: readonly Part[];
}

/** A page of parts, one at a time; the first one that the viewer may see is shown where the address names none. */
export function TabbedPage({ title, lead, to, parts: all }: TabbedPageProps) {
  const { t } = useText();
  const may = useMay();
  const { part } = useParams({ strict: false });
  const parts = all.filter(({ needs }) => may(needs));
  const shown = part === undefined ? parts[0] : parts.find(({ name }) => name === part);
  return (
    <Page title={title} {...(lead !== undefined && { lead })}>
      <nav className="tabs" aria-label={title}>
        {parts.map(({ name, label }) => (
          <Link
            key={name}
            to={to}
            params={{ part: name }}
            {...(name === shown?.name && { "aria-current": "page" as const })}
          >
            {t(label)}
          </Link>
        ))}
      </nav>
      <Suspense fallback={<Loading />} key={shown?.name}>
        {shown ? shown.content : <EmptyState title={t("missing.title")} />}
      </Suspense>
    </Page>
  );
}
