import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { api, ask } from "../../api/client.ts";
import { useText } from "../../locales/text.tsx";
import { useMay, useMe } from "../../ui/current-user.ts";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { ErrorNote } from "../../ui/ErrorNote.tsx";
import { toDateText, toInstant } from "../../ui/instants.ts";
import { Loading } from "../../ui/Loading.tsx";
import { Page } from "../../ui/Page.tsx";
import { FirstSteps } from "./FirstSteps.tsx";
import { LaneList } from "./LaneList.tsx";
import { PbxList } from "./PbxList.tsx";
import { RunningCalls } from "./RunningCalls.tsx";

const REFRESH_MS = 2_000;
const SHOWN_MAX = 200;

/** What happens now: calls in progress, and how the ways out and the PBXs stand. */
export function Live() {
  const { t } = useText();
  const may = useMay();
  const { tenant } = useMe();
  const since = toInstant(toDateText(tenant.time_zone, -1), tenant.time_zone)?.toISOString();
  const running = useQuery({
    queryKey: ["live"],
    queryFn: ({ signal }) =>
      ask(
        api.GET("/api/v1/calls", {
          signal,
          params: { query: { outcome: "in_progress", limit: SHOWN_MAX, ...(since && { since }) } },
        }),
      ),
    refetchInterval: REFRESH_MS,
  });
  const calls = running.data?.items ?? [];
  return (
    <Page title={t("live.title")} lead={t("live.lead", { seconds: REFRESH_MS / 1000 })}>
      <FirstSteps />
      <div className="live-columns">
        <section className="card card-flush" aria-label={t("live.calls")}>
          <div className="card-head row spread">
            <h2>{t("live.calls")}</h2>
            <span className="figure-inline number" role="status">
              {t("live.count", { count: calls.length })}
              {running.data?.next_cursor && "+"}
            </span>
          </div>
          {running.error && <ErrorNote error={running.error} onRetry={() => void running.refetch()} />}
          {running.isLoading && <Loading />}
          {running.data && calls.length > 0 && <RunningCalls calls={calls} />}
          {running.data && calls.length === 0 && (
            <EmptyState title={t("live.none")} action={<Link to="/calls">{t("live.past")}</Link>}>
              {t("live.noneText")}
            </EmptyState>
          )}
        </section>
        <div className="stack">
          {may("GET /api/v1/connections") && <LaneList />}
          {may("GET /api/v1/pbxs") && <PbxList />}
        </div>
      </div>
    </Page>
  );
}
