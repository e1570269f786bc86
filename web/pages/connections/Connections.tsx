import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { api, ask } from "../../api/client.ts";
import type { Schemas } from "../../api/schema.gen.ts";
import { useText } from "../../locales/text.tsx";
import { LaneBadge } from "../../ui/Badge.tsx";
import { useMay } from "../../ui/current-user.ts";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { ErrorNote } from "../../ui/ErrorNote.tsx";
import { isExplained, LaneReason } from "../../ui/LaneReason.tsx";
import { Loading } from "../../ui/Loading.tsx";
import { Page } from "../../ui/Page.tsx";
import { useRemovals } from "../../ui/removals.tsx";
import { Time } from "../../ui/Time.tsx";

const REFRESH_MS = 5_000;

/** The systems that calls go to, and those they could go to. */
export function Connections() {
  const { t } = useText();
  const may = useMay();
  const { isRemoved } = useRemovals();
  const list = useQuery({
    queryKey: ["connections"],
    queryFn: ({ signal }) => ask(api.GET("/api/v1/connections", { signal })),
    refetchInterval: REFRESH_MS,
  });
  const connections = list.data?.items.filter(({ id }) => !isRemoved(`connection:${id}`));
  return (
    <Page title={t("connections.title")} lead={t("connections.lead")}>
      {list.error && <ErrorNote error={list.error} onRetry={() => void list.refetch()} />}
      {list.isLoading && <Loading />}
      {connections?.length === 0 && (
        <div className="card">
          <EmptyState title={t("connections.none")}>{t("connections.noneText")}</EmptyState>
        </div>
      )}
      <div className="cards">
        {connections?.map((connection) => (
          <ConnectionCard key={connection.id} connection={connection} />
        ))}
      </div>
      {may("POST /api/v1/connections") && <NewOnes />}
    </Page>
  );
}

function ConnectionCard({ connection }: { connection: Schemas["Connection"] }) {
  const { t } = useText();
  const { id, name, connector, lane } = connection;
  return (
    <article className="card">
      <div className="row spread">
        <h2>
          <Link to="/connections/$id" params={{ id }}>
            {name}
          </Link>
        </h2>
        <LaneBadge id={id} state={lane.state} />
      </div>
      <dl className="facts small">
        <dt>{t("connection.connector")}</dt>
        <dd>{connector}</dd>
        <dt>{t("connection.queue")}</dt>
        <dd>
          {t("lanes.waiting", { count: lane.queue_depth })} · {t("lanes.dead", { count: lane.dead })}
        </dd>
        <dt>{t("connection.lastSuccess")}</dt>
        <dd>
          <Time at={lane.last_success_at} />
        </dd>
      </dl>
      {isExplained(connection) && (
        <p className="note note-bad small">
          <LaneReason connection={connection} />
        </p>
      )}
    </article>
  );
}

function NewOnes() {
  const { t } = useText();
  const { data, error } = useQuery({
    queryKey: ["connectors"],
    queryFn: ({ signal }) => ask(api.GET("/api/v1/connectors", { signal })),
  });
  return (
    <section className="new-ones" aria-label={t("connections.add")}>
      <h2 className="section-title">{t("connections.add")}</h2>
      {error && <ErrorNote error={error} />}
      <div className="cards">
        {data?.items.map(({ id, title }) => (
          <Link key={id} className="card add-card" to="/connections/new/$connector" params={{ connector: id }}>
            + {title}
          </Link>
        ))}
      </div>
    </section>
  );
}
