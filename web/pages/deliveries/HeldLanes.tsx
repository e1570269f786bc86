import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { api, ask } from "../../api/client.ts";
import { useText } from "../../locales/text.tsx";
import { LaneBadge } from "../../ui/Badge.tsx";
import { LaneReason } from "../../ui/LaneReason.tsx";

const REFRESH_MS = 10_000;

/** Connections that deliver nothing now, and why: until they are mended, replaying helps little. */
export function HeldLanes() {
  const { t } = useText();
  const { data } = useQuery({
    queryKey: ["connections"],
    queryFn: ({ signal }) => ask(api.GET("/api/v1/connections", { signal })),
    refetchInterval: REFRESH_MS,
  });
  const stopped = data?.items.filter(({ lane }) => lane.state !== "active") ?? [];
  if (stopped.length === 0) return null;
  return (
    <section className="card stack lanes" aria-label={t("lanes.stopped")}>
      <h2>{t("lanes.stopped")}</h2>
      {stopped.map((connection) => (
        <div key={connection.id} className="row">
          <LaneBadge id={connection.id} state={connection.lane.state} />
          <Link to="/connections/$id" params={{ id: connection.id }}>
            {connection.name}
          </Link>
          <span className="quiet">{t("lanes.waiting", { count: connection.lane.queue_depth })}</span>
          <span className="break">
            <LaneReason connection={connection} />
          </span>
        </div>
      ))}
    </section>
  );
}
