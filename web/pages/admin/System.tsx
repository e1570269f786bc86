import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { api, ask } from "../../api/client.ts";
import type { Schemas } from "../../api/schema.gen.ts";
import { type TextKey, useText } from "../../locales/text.tsx";
import { Badge } from "../../ui/Badge.tsx";
import { ErrorNote } from "../../ui/ErrorNote.tsx";
import { Loading } from "../../ui/Loading.tsx";
import { Said } from "../../ui/Said.tsx";
import { Table } from "../../ui/Table.tsx";
import { Time } from "../../ui/Time.tsx";
import { useBytes } from "./use-bytes.ts";

type Report = Schemas["System"];

const REFRESH_MS = 10_000;

/** How the whole installation is: for whoever operates it. */
export function System() {
  const { t } = useText();
  const { data, error, refetch, isFetching } = useQuery({
    queryKey: ["system"],
    queryFn: ({ signal }) => ask(api.GET("/api/v1/system", { signal })),
    refetchInterval: REFRESH_MS,
  });
  if (error && !data) return <ErrorNote error={error} onRetry={() => void refetch()} />;
  if (!data) return <Loading />;
  const bad = data.checks.filter(({ ok }) => !ok).length;
  return (
    <div className="stack">
      {error && <ErrorNote error={error} onRetry={() => void refetch()} />}
      <div className="row spread">
        <p className={`note ${bad === 0 ? "note-good" : "note-bad"}`} role="status">
          {t("system.verdict", { count: bad })}
        </p>
        <Button variant="default" loading={isFetching} onClick={() => void refetch()}>
          {t("action.refresh")}
        </Button>
      </div>
      <Checks checks={data.checks} />
      <div className="call-columns">
        <Figures report={data} />
        <Workers workers={data.workers} />
      </div>
    </div>
  );
}

function Checks({ checks }: { checks: Report["checks"] }) {
  const { t, knows, say } = useText();
  const toName = (name: string): string => (knows(`system.checkIs.${name}`) ? say(`system.checkIs.${name}`, {}) : name);
  const inOrder = [...checks].sort((left, right) => Number(left.ok) - Number(right.ok));
  return (
    <section className="card" aria-label={t("system.checks")}>
      <h2>{t("system.checks")}</h2>
      <ul className="plain findings">
        {inOrder.map(({ name, ok, ...words }) => (
          <li key={name}>
            <span className="row">
              <Badge tone={ok ? "good" : "bad"}>{t(ok ? "check.fine" : "check.error")}</Badge>
              <strong>{toName(name)}</strong>
            </span>
            <div className="break">
              <Said text={words.detail} code={words.detail_code} values={words.detail_values} />
            </div>
            {words.mend && (
              <div className="small break">
                <Said text={words.mend} code={words.mend_code} values={words.mend_values} />
              </div>
            )}
          </li>
        ))}
      </ul>
    </section>
  );
}

function Figures({ report }: { report: Report }) {
  const { t } = useText();
  const toBytes = useBytes();
  const { versions, disk, database, host, roles, started_at, memory_bytes, event_loop_ms } = report;
  const facts: readonly (readonly [TextKey, React.ReactNode])[] = [
    ["system.version", versions.enlace],
    ["system.schema", versions.schema],
    ["system.postgres", versions.postgres],
    ["system.node", versions.node],
    ["system.host", `${host} (${roles.join(", ")})`],
    ["system.since", <Time key="since" at={started_at} seconds />],
    ["system.memory", toBytes(memory_bytes)],
    ["system.loop", t("attempts.took", { ms: event_loop_ms })],
    ["system.disk", t("system.diskFree", { free: toBytes(disk.free_bytes), total: toBytes(disk.total_bytes) })],
    ["system.database", toBytes(database.size_bytes)],
    ["system.connections", `${database.connections} / ${database.connections_max}`],
  ];
  return (
    <section className="card" aria-label={t("system.figures")}>
      <h2>{t("system.figures")}</h2>
      <dl className="facts">
        {facts.map(([label, value]) => (
          <div className="fact-row" key={label}>
            <dt>{t(label)}</dt>
            <dd className="break">{value}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

function Workers({ workers }: { workers: Report["workers"] }) {
  const { t } = useText();
  return (
    <section className="card" aria-label={t("system.workers")}>
      <h2>{t("system.workers")}</h2>
      <Table
        items={workers}
        keyOf={({ id }) => id}
        caption={t("system.workers")}
        columns={[
          { label: t("system.host"), className: "break", show: ({ host, id }) => `${host} · ${id.split(":")[0]}` },
          { label: t("system.roles"), className: "break", show: ({ roles }) => roles.join(", ") },
          { label: t("system.heartbeat"), show: ({ heartbeat_at }) => <Time at={heartbeat_at} seconds /> },
        ]}
      />
    </section>
  );
}
