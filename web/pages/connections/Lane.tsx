import { Button } from "@mantine/core";
import { api, ask } from "../../api/client.ts";
import type { Schemas } from "../../api/schema.gen.ts";
import { useText } from "../../locales/text.tsx";
import { LaneBadge } from "../../ui/Badge.tsx";
import { useMay } from "../../ui/current-user.ts";
import { useDecision } from "../../ui/decisions.ts";
import { ErrorNote } from "../../ui/ErrorNote.tsx";
import { Findings } from "../../ui/Findings.tsx";
import { isExplained, LaneReason } from "../../ui/LaneReason.tsx";
import { Said } from "../../ui/Said.tsx";
import { Time } from "../../ui/Time.tsx";
import { useAction } from "../../ui/use-action.ts";

type LaneState = Schemas["Connection"]["lane"]["state"];
/** In which a person may stop or start it. */
const STEERED: readonly LaneState[] = ["active", "paused", "held", "breaker_open"];

/** How a connection runs, and the levers: check, pause, resume. */
export function Lane({ connection }: { connection: Schemas["Connection"] }) {
  const { t } = useText();
  const { lane } = connection;
  return (
    <div className="stack">
      <section className="card">
        <div className="row spread">
          <h2>{t("connection.lane")}</h2>
          <LaneBadge id={connection.id} state={lane.state} />
        </div>
        {isExplained(connection) && (
          <p className="note note-bad small">
            <LaneReason connection={connection} />
          </p>
        )}
        <dl className="facts">
          <dt>{t("connection.queue")}</dt>
          <dd>{t("lanes.waiting", { count: lane.queue_depth })}</dd>
          <dt>{t("connection.deadLetters")}</dt>
          <dd>{t("lanes.dead", { count: lane.dead })}</dd>
          <dt>{t("lanes.oldest")}</dt>
          <dd>
            <Time at={lane.oldest_due_at} seconds />
          </dd>
          <dt>{t("connection.lastSuccess")}</dt>
          <dd>
            <Time at={lane.last_success_at} seconds />
          </dd>
          <dt>{t("connection.lastFailure")}</dt>
          <dd>
            <Time at={lane.last_failure_at} seconds />
            {lane.last_reason && (
              <div className="small">
                <Said text={lane.last_reason} code={lane.last_reason_code} values={lane.last_reason_values} />
              </div>
            )}
          </dd>
        </dl>
        <PauseButton connection={connection} />
      </section>
      <Check id={connection.id} />
    </div>
  );
}

/** One button in one place, so that the focus stays on it when it becomes the other. */
function PauseButton({ connection: { id, lane } }: { connection: Schemas["Connection"] }) {
  const { t } = useText();
  const may = useMay();
  const params = { params: { path: { id } } };
  const { shown, decide } = useDecision<LaneState>({
    name: `lane:${id}`,
    told: lane.state,
    run: (state) =>
      state === "paused"
        ? ask(api.POST("/api/v1/connections/{id}/pause", params))
        : ask(api.POST("/api/v1/connections/{id}/resume", params)),
    done: (state) => t(state === "paused" ? "connection.paused" : "connection.resumed"),
  });
  if (!may("POST /api/v1/connections/{id}/pause") || !STEERED.includes(shown)) return null;
  const isActive = shown === "active";
  return (
    <div className="row actions">
      <Button variant={isActive ? "default" : "filled"} onClick={() => decide(isActive ? "paused" : "active")}>
        {t(isActive ? "connection.pause" : "connection.resume")}
      </Button>
    </div>
  );
}

export function Check({ id }: { id: string }) {
  const { t } = useText();
  const may = useMay();
  const check = useAction({
    run: () => ask(api.POST("/api/v1/connections/{id}/check", { params: { path: { id } } })),
  });
  if (!may("POST /api/v1/connections/{id}/check")) return null;
  return (
    <section className="card">
      <h2>{t("connection.check")}</h2>
      <p className="quiet small">{t("connection.checkText")}</p>
      <Button variant="default" loading={check.isPending} onClick={() => check.mutate()}>
        {t("connection.checkNow")}
      </Button>
      {check.error && <ErrorNote error={check.error} />}
      {check.data && <Findings report={check.data} />}
    </section>
  );
}
