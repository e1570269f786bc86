import "./reports.css";
import { Button, NativeSelect, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { api, ask } from "../../api/client.ts";
import type { Schemas } from "../../api/schema.gen.ts";
import { useText } from "../../locales/text.tsx";
import { useMe } from "../../ui/current-user.ts";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { ErrorNote } from "../../ui/ErrorNote.tsx";
import { toClock } from "../../ui/instants.ts";
import { Loading } from "../../ui/Loading.tsx";
import { Page } from "../../ui/Page.tsx";
import { TextFilter } from "../../ui/TextFilter.tsx";
import { DIRECTIONS } from "../calls/call-search.ts";
import { BarList } from "./BarList.tsx";
import { ExtensionTable } from "./ExtensionTable.tsx";
import { HeatMap } from "./HeatMap.tsx";
import { DEFAULT_SLA_MINUTES, parseReportSearch, type ReportSearch, toDays, toReportQuery } from "./report-search.ts";

type Statistics = Schemas["CallStatistics"];

const route = getRouteApi("/house/reports");
const SLA_MINUTES = ["5", "15", "30", "60", "120", "240", "1440"] as const;

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
        <Button variant="default" className="screen-only" onClick={() => window.print()}>
          {t("reports.print")}
        </Button>
      }
    >
      <Filters search={search} />
      {error && <ErrorNote error={error} onRetry={() => void refetch()} />}
      {isLoading && <Loading />}
      {data?.calls === 0 && (
        <div className="card">
          <EmptyState title={t("reports.none")}>{t("reports.noneText")}</EmptyState>
        </div>
      )}
      {data && data.calls > 0 && <Report data={data} slaMinutes={search.sla ?? DEFAULT_SLA_MINUTES} />}
    </Page>
  );
}

function Filters({ search }: { search: ReportSearch }) {
  const { t } = useText();
  const { tenant } = useMe();
  const navigate = useNavigate({ from: "/reports" });
  const days = toDays(search, tenant.time_zone);
  const change = (changed: Record<string, unknown>): void => {
    void navigate({ to: "/reports", search: (now) => parseReportSearch({ ...now, ...changed }), replace: true });
  };
  return (
    <search className="screen-only">
      <div className="filters">
        <TextInput
          type="date"
          label={t("filter.from")}
          value={days.from}
          max={days.to}
          onChange={(event) => change({ from: event.currentTarget.value })}
        />
        <TextInput
          type="date"
          label={t("filter.to")}
          value={days.to}
          min={days.from}
          onChange={(event) => change({ to: event.currentTarget.value })}
        />
        <NativeSelect
          label={t("call.direction")}
          value={search.direction ?? ""}
          onChange={(event) => change({ direction: event.currentTarget.value })}
          data={[
            { value: "", label: t("filter.any") },
            ...DIRECTIONS.map((value) => ({ value, label: t(`direction.${value}`) })),
          ]}
        />
        <TextFilter
          label={t("call.extension")}
          value={search.extension}
          onChange={(extension) => change({ extension })}
        />
        <NativeSelect
          label={t("reports.sla")}
          value={String(search.sla ?? DEFAULT_SLA_MINUTES)}
          onChange={(event) => change({ sla: Number(event.currentTarget.value) })}
          data={SLA_MINUTES.map((value) => ({ value, label: t("reports.minutes", { count: Number(value) }) }))}
        />
      </div>
    </search>
  );
}

function Report({ data, slaMinutes }: { data: Statistics; slaMinutes: number }) {
  const { t } = useText();
  const days = data.days.map(({ day, calls, missed }) => ({ name: day, value: calls, bad: missed }));
  const outcomes = data.outcomes.map(({ outcome, calls }) => ({ name: t(`outcome.${outcome}`), value: calls, bad: 0 }));
  return (
    <>
      <Totals data={data} />
      <div className="report-columns">
        <section className="card">
          <h2>{t("reports.outcomes")}</h2>
          <BarList bars={outcomes} />
        </section>
        <MissedCallers missed={data.missed_callers} slaMinutes={slaMinutes} />
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
    </>
  );
}

function Totals({ data }: { data: Statistics }) {
  const { t, language } = useText();
  const percent = new Intl.NumberFormat(language, { style: "percent", maximumFractionDigits: 1 });
  const seconds = (value: number | null): string => (value === null ? "–" : toClock(value));
  const figures = [
    [t("activity.calls"), data.calls.toLocaleString(language)],
    [t("activity.answered"), percent.format(data.answered / data.calls)],
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

function MissedCallers({ missed, slaMinutes }: { missed: Statistics["missed_callers"]; slaMinutes: number }) {
  const { t, language } = useText();
  const percent = new Intl.NumberFormat(language, { style: "percent", maximumFractionDigits: 0 });
  const part = (count: number): string => (missed.calls === 0 ? "–" : percent.format(count / missed.calls));
  return (
    <section className="card">
      <h2>{t("reports.missed")}</h2>
      <p className="quiet small">{t("reports.missedText", { count: slaMinutes })}</p>
      <dl className="facts">
        <dt>{t("reports.missedCalls")}</dt>
        <dd className="number">{missed.calls}</dd>
        <dt>{t("reports.reachedInTime")}</dt>
        <dd className="number">
          {missed.reached_in_time} · {part(missed.reached_in_time)}
        </dd>
        <dt>{t("reports.reached")}</dt>
        <dd className="number">
          {missed.reached} · {part(missed.reached)}
        </dd>
        <dt>{t("reports.notReached")}</dt>
        <dd className="number">
          {missed.calls - missed.reached} · {part(missed.calls - missed.reached)}
        </dd>
        <dt>{t("reports.median")}</dt>
        <dd className="number">{missed.median_minutes === null ? "–" : toClock(missed.median_minutes * 60)}</dd>
      </dl>
    </section>
  );
}
