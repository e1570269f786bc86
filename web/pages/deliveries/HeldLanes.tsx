import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { api, ask } from "../../api/client.ts";
import { useText } from "../../locales/text.tsx";
import { LaneBadge } from "../../ui/Badge.tsx";

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
      {stopped.map(({ id, name, lane }) => (
        <div key={id} className="row">
          <LaneBadge id={id} state={lane.state} />
          <Link to="/connections/$id" params={{ id }}>
            {name}
          </Link>
          <span className="quiet">{t("lanes.waiting", { count: lane.queue_depth })}</span>
          {lane.reason && (
            <span className="break" lang="en">
              {lane.reason}
            </span>
          )}
        </div>
      ))}
    </section>
  );
}
