import "./reports.css";
import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { api, ask } from "../../api/client.ts";
import type { Schemas } from "../../api/schema.gen.ts";
import { useText } from "../../locales/text.tsx";
import { useOutcomeName } from "../../ui/Badge.tsx";
import { useMe } from "../../ui/current-user.ts";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { ErrorNote } from "../../ui/ErrorNote.tsx";
import { toClock } from "../../ui/instants.ts";
import { Loading } from "../../ui/Loading.tsx";
import { Page } from "../../ui/Page.tsx";
import { BarList } from "./BarList.tsx";
import { DialerReport } from "./DialerReport.tsx";
import { ExportReport } from "./ExportReport.tsx";
import { ExtensionTable } from "./ExtensionTable.tsx";
import { HeatMap } from "./HeatMap.tsx";
import { MissedCallers, WaitingCallers } from "./MissedCallers.tsx";
import { ReportFilters } from "./ReportFilters.tsx";
import { DEFAULT_SLA_MINUTES, toDays, toReportQuery } from "./report-search.ts";

type Statistics = Schemas["CallStatistics"];

const route = getRouteApi("/house/reports");

/** The calls of some days, counted: for the screen and for paper. */
export function Reports() {
  const { t } = useText();
  const { tenant } = useMe();
  const search = route.useSearch();
  const query = toReportQuery(search, tenant.time_zone);
  const { data, error, refetch, isLoading } = useQuery({
    queryKey: ["statistics", query],
    queryFn: ({ signal }) => ask(api.GET("/api/v1/calls/statistics", { signal, params: { query } })),
    placeholderData: (before) => before,
  });
  const { from, to } = toDays(search, tenant.time_zone);
  return (
    <Page
      title={t("reports.title")}
      lead={t("reports.lead", { from, to, zone: tenant.time_zone })}
      actions={
        <>
          <ExportReport query={query} />
          <Button variant="default" className="screen-only" onClick={() => window.print()}>
            {t("reports.print")}
          </Button>
        </>
      }
    >
      <ReportFilters search={search} />
      {error && <ErrorNote error={error} onRetry={() => void refetch()} />}
      {isLoading && <Loading />}
      {data && isEmpty(data) && (
        <div className="card">
          <EmptyState title={t("reports.none")}>{t("reports.noneText")}</EmptyState>
        </div>
      )}
      {data && !isEmpty(data) && <Report data={data} slaMinutes={search.sla ?? DEFAULT_SLA_MINUTES} />}
    </Page>
  );
}

const isEmpty = ({ calls, dialer }: Statistics): boolean => calls === 0 && (dialer?.attempts ?? 0) === 0;

function Report({ data, slaMinutes }: { data: Statistics; slaMinutes: number }) {
  const { t } = useText();
  const toOutcomeName = useOutcomeName();
  const days = data.days.map(({ day, calls, missed }) => ({ name: day, value: calls, bad: missed }));
  const outcomes = data.outcomes.map(({ outcome, calls }) => ({ name: toOutcomeName(outcome), value: calls, bad: 0 }));
  return (
    <>
      <Totals data={data} />
      <div className="report-columns">
        <section className="card">
          <h2>{t("reports.outcomes")}</h2>
          <BarList bars={outcomes} />
        </section>
        <MissedCallers missed={data.missed_callers} slaMinutes={slaMinutes} />
        <WaitingCallers waiting={data.missed_callers.waiting} />
        <section className="card">
          <h2>{t("reports.days")}</h2>
          <p className="quiet small">{t("reports.daysText")}</p>
          <BarList bars={days} />
        </section>
        <section className="card">
          <h2>{t("reports.hours")}</h2>
          <HeatMap hours={data.hours} />
        </section>
      </div>
      <ExtensionTable extensions={data.extensions} />
      {data.dialer && data.dialer.attempts > 0 && <DialerReport dialer={data.dialer} />}
    </>
  );
}

function Totals({ data }: { data: Statistics }) {
  const { t, language } = useText();
  const percent = new Intl.NumberFormat(language, { style: "percent", maximumFractionDigits: 1 });
  const seconds = (value: number | null): string => (value === null ? "–" : toClock(value));
  const figures = [
    [t("activity.calls"), data.calls.toLocaleString(language)],
    [t("activity.answered"), data.calls === 0 ? "–" : percent.format(data.answered / data.calls)],
    [t("activity.missed"), data.missed.toLocaleString(language)],
    [t("reports.talk"), toClock(data.talk_seconds)],
    [t("reports.averageTalk"), seconds(data.average_talk_seconds)],
    [t("reports.averageRing"), seconds(data.average_ring_seconds)],
  ] as const;
  return (
    <dl className="figures card">
      {figures.map(([name, value]) => (
        <div key={name} className="figure">
          <dt>{name}</dt>
          <dd className="number">{value}</dd>
        </div>
      ))}
    </dl>
  );
}
