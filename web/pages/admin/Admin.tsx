import { Link, useParams } from "@tanstack/react-router";
import type { ReactNode } from "react";
import type { OperationName } from "../../api/session.ts";
import { type TextKey, useText } from "../../locales/text.tsx";
import { useMay } from "../../ui/current-user.ts";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { Page } from "../../ui/Page.tsx";
import { ApiKeys } from "./ApiKeys.tsx";
import { Audit } from "./Audit.tsx";
import { Extensions } from "./Extensions.tsx";
import { Pbxs } from "./Pbxs.tsx";
import { Tenant } from "./Tenant.tsx";
import { Users } from "./Users.tsx";
import { WebhookSecrets } from "./WebhookSecrets.tsx";

interface Part {
  name: string;
  label: TextKey;
  needs: OperationName;
  content: ReactNode;
}

const PARTS: readonly Part[] = [
  { name: "pbxs", label: "admin.pbxs", needs: "GET /api/v1/pbxs", content: <Pbxs /> },
  { name: "extensions", label: "admin.extensions", needs: "GET /api/v1/extensions", content: <Extensions /> },
  { name: "users", label: "admin.users", needs: "GET /api/v1/users", content: <Users /> },
  { name: "keys", label: "admin.keys", needs: "GET /api/v1/api-keys", content: <ApiKeys /> },
  { name: "webhooks", label: "admin.webhooks", needs: "GET /api/v1/webhook-secrets", content: <WebhookSecrets /> },
  { name: "tenant", label: "admin.tenant", needs: "PATCH /api/v1/tenant", content: <Tenant /> },
  { name: "audit", label: "admin.audit", needs: "GET /api/v1/audit", content: <Audit /> },
];

/** What an administrator sets up; others see the parts they may read. */
export function Admin() {
  const { t } = useText();
  const may = useMay();
  const { part } = useParams({ strict: false });
  const parts = PARTS.filter(({ needs }) => may(needs));
  const shown = part === undefined ? parts[0] : parts.find(({ name }) => name === part);
  return (
    <Page title={t("admin.title")}>
      <nav className="tabs" aria-label={t("admin.title")}>
        {parts.map(({ name, label }) => (
          <Link
            key={name}
            to="/admin/$part"
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
