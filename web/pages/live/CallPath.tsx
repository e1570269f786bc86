import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import type { Schemas } from "../../api/schema.gen.ts";
import { useText } from "../../locales/text.tsx";
import { Badge } from "../../ui/Badge.tsx";
import { Icon, type IconName } from "../../ui/Icon.tsx";
import { useLive } from "./use-live.ts";

/** What Enlace is for, in one line: the way of a call from the PBX into the CRM, and how each part of it stands. */
export function CallPath() {
  const { t } = useText();
  const pbxs = useLive((picture) => picture.pbxs);
  const lanes = useLive((picture) => picture.lanes);
  const calls = useLive((picture) => picture.calls.length);
  const hour = useLive((picture) => picture.activity?.find(({ span }) => span === "hour"));
  if (!pbxs || !lanes) return null;
  return (
    <ol className="card call-path" aria-label={t("path.title")}>
      <Stop icon="calls" name={t("path.pbx")}>
        <PbxState pbxs={pbxs} />
      </Stop>
      <Stop icon="connections" name="Enlace">
        {t("path.now", { count: calls })}
        {hour && ` · ${t("path.hour", { count: toSum(hour) })}`}
      </Stop>
      <Stop icon="deliveries" name={t("path.crm")}>
        <CrmState lanes={lanes} />
      </Stop>
    </ol>
  );
}

function Stop({ icon, name, children }: { icon: IconName; name: string; children: ReactNode }) {
  return (
    <li>
      <Icon name={icon} />
      <strong>{name}</strong>
      <span className="quiet">{children}</span>
    </li>
  );
}

function PbxState({ pbxs }: { pbxs: readonly Schemas["LivePbx"][] }) {
  const { t } = useText();
  const heard = pbxs.filter(({ enabled, host, status }) => enabled && host !== null && status.owned_here);
  const ready = heard.filter(({ status }) => status.state === "ready").length;
  if (pbxs.length === 0) return t("path.webhookOnly");
  if (heard.length === 0) return t("path.elsewhere");
  return (
    <Badge tone={ready === heard.length ? "good" : "bad"}>
      {heard.length === 1 && ready === 1 ? t("pbx.ready") : t("path.heard", { ready, count: heard.length })}
    </Badge>
  );
}

function CrmState({ lanes }: { lanes: readonly Schemas["LiveLane"][] }) {
  const { t } = useText();
  if (lanes.length === 0) return t("live.noLanes");
  const isRunning = lanes.every(({ lane }) => lane.state === "active");
  const waiting = lanes.reduce((sum, { lane }) => sum + lane.queue_depth, 0);
  const dead = lanes.reduce((sum, { lane }) => sum + lane.dead, 0);
  return (
    <>
      <Badge tone={isRunning ? "good" : "bad"}>{t(isRunning ? "path.running" : "path.stopped")}</Badge>{" "}
      {t(waiting === 0 ? "path.delivered" : "path.waiting", { count: waiting })}
      {dead > 0 && (
        <>
          {" · "}
          <Link to="/deliveries">{t("lanes.dead", { count: dead })}</Link>
        </>
      )}
    </>
  );
}

const toSum = ({ answered, missed, other }: Schemas["LiveActivity"]): number =>
  [...answered, ...missed, ...other].reduce((sum, count) => sum + count, 0);
