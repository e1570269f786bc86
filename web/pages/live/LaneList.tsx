import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { api, ask } from "../../api/client.ts";
import { useText } from "../../locales/text.tsx";
import { LaneBadge } from "../../ui/Badge.tsx";
import { ErrorNote } from "../../ui/ErrorNote.tsx";
import { Time } from "../../ui/Time.tsx";

const REFRESH_MS = 5_000;

/** The ways out: what waits in each, since when, and whether it runs. */
export function LaneList() {
  const { t } = useText();
  const { data, error, refetch } = useQuery({
    queryKey: ["connections"],
    queryFn: ({ signal }) => ask(api.GET("/api/v1/connections", { signal })),
    refetchInterval: REFRESH_MS,
  });
  return (
    <section className="card">
      <h2>{t("live.lanes")}</h2>
      {error && <ErrorNote error={error} onRetry={() => void refetch()} />}
      {data?.items.length === 0 && <p className="quiet">{t("live.noLanes")}</p>}
      <ul className="plain">
        {data?.items.map(({ id, name, lane }) => (
          <li key={id}>
            <div className="row spread">
              <Link to="/connections/$id" params={{ id }}>
                {name}
              </Link>
              <LaneBadge state={lane.state} />
            </div>
            <div className="small quiet">
              {t("lanes.waiting", { count: lane.queue_depth })} · {t("lanes.dead", { count: lane.dead })}
              {lane.oldest_due_at && (
                <>
                  {" · "}
                  {t("lanes.oldest")} <Time at={lane.oldest_due_at} />
                </>
              )}
            </div>
            {lane.reason && <div className="small break">{lane.reason}</div>}
          </li>
        ))}
      </ul>
    </section>
  );
}
