import { Link } from "@tanstack/react-router";
import { useText } from "../../locales/text.tsx";
import { LaneBadge } from "../../ui/Badge.tsx";
import { isExplained, LaneReason } from "../../ui/LaneReason.tsx";
import { Loading } from "../../ui/Loading.tsx";
import { Time } from "../../ui/Time.tsx";
import { useLive } from "./use-live.ts";

/** The ways out: what waits in each, since when, and whether it runs. */
export function LaneList() {
  const { t } = useText();
  const lanes = useLive((picture) => picture.lanes);
  return (
    <section className="card">
      <h2>{t("live.lanes")}</h2>
      {lanes === null && <Loading />}
      {lanes?.length === 0 && <p className="quiet">{t("live.noLanes")}</p>}
      <ul className="plain">
        {lanes?.map((connection) => (
          <li key={connection.id}>
            <div className="row spread">
              <Link to="/connections/$id" params={{ id: connection.id }}>
                {connection.name}
              </Link>
              <LaneBadge id={connection.id} state={connection.lane.state} />
            </div>
            <div className="small quiet">
              {t("lanes.waiting", { count: connection.lane.queue_depth })} ·{" "}
              {t("lanes.dead", { count: connection.lane.dead })}
              {connection.lane.oldest_due_at && (
                <>
                  {" · "}
                  {t("lanes.oldest")} <Time at={connection.lane.oldest_due_at} />
                </>
              )}
            </div>
            {isExplained(connection) && (
              <div className="small break">
                <LaneReason connection={connection} />
              </div>
            )}
          </li>
        ))}
      </ul>
    </section>
  );
}
