import { lazy } from "react";
import { useText } from "../../locales/text.tsx";
import { type Part, TabbedPage } from "../../ui/TabbedPage.tsx";
import { Extensions } from "./Extensions.tsx";
import { Pbxs } from "./Pbxs.tsx";
import { RecordingSettings } from "./RecordingSettings.tsx";
import { Tenant } from "./Tenant.tsx";
import { Users } from "./Users.tsx";

// Tabs that most people open less often come when they are opened: the page is part of a first load.
const ApiKeys = lazy(async () => ({ default: (await import("./ApiKeys.tsx")).ApiKeys }));
const Audit = lazy(async () => ({ default: (await import("./Audit.tsx")).Audit }));
const Backups = lazy(async () => ({ default: (await import("./Backups.tsx")).Backups }));
const System = lazy(async () => ({ default: (await import("./System.tsx")).System }));
const Tenants = lazy(async () => ({ default: (await import("./Tenants.tsx")).Tenants }));
const WebhookSecrets = lazy(async () => ({ default: (await import("./WebhookSecrets.tsx")).WebhookSecrets }));

export const ADMIN_PARTS: readonly Part[] = [
  { name: "pbxs", label: "admin.pbxs", needs: "GET /api/v1/pbxs", content: <Pbxs /> },
  { name: "extensions", label: "admin.extensions", needs: "GET /api/v1/extensions", content: <Extensions /> },
  { name: "users", label: "admin.users", needs: "GET /api/v1/users", content: <Users /> },
  { name: "keys", label: "admin.keys", needs: "GET /api/v1/api-keys", content: <ApiKeys /> },
  { name: "webhooks", label: "admin.webhooks", needs: "GET /api/v1/webhook-secrets", content: <WebhookSecrets /> },
  { name: "tenant", label: "admin.tenant", needs: "PATCH /api/v1/tenant", content: <CallCentre /> },
  { name: "audit", label: "admin.audit", needs: "GET /api/v1/audit", content: <Audit /> },
  { name: "tenants", label: "admin.tenants", needs: "GET /api/v1/tenants", content: <Tenants /> },
  { name: "system", label: "admin.system", needs: "GET /api/v1/system", content: <System /> },
  { name: "backups", label: "admin.backups", needs: "GET /api/v1/backups", content: <Backups /> },
];

/** The call centre itself, and what it wants of its recordings. */
function CallCentre() {
  return (
    <div className="stack">
      <Tenant />
      <RecordingSettings />
    </div>
  );
}

/** What an administrator sets up; others see the parts they may read. */
export function Admin() {
  const { t } = useText();
  return <TabbedPage title={t("admin.title")} to="/admin/$part" parts={ADMIN_PARTS} />;
}
