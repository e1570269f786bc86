import { Link } from "@tanstack/react-router";
import type { Schemas } from "../../api/schema.gen.ts";
import { useText } from "../../locales/text.tsx";
import { toClock } from "../../ui/instants.ts";
import { Phone } from "../../ui/Phone.tsx";
import { Table } from "../../ui/Table.tsx";
import { Time } from "../../ui/Time.tsx";

type Missed = Schemas["CallStatistics"]["missed_callers"];

/** What became of those who called in vain. */
export function MissedCallers({ missed, slaMinutes }: { missed: Missed; slaMinutes: number }) {
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

/** Whom to call back now. */
export function WaitingCallers({ waiting }: { waiting: Missed["waiting"] }) {
  const { t } = useText();
  if (waiting.length === 0) return null;
  return (
    <section className="card card-flush report-part" aria-label={t("reports.waiting")}>
      <div className="card-head">
        <h2>{t("reports.waiting")}</h2>
        <p className="quiet small">{t("reports.waitingText")}</p>
      </div>
      <Table
        items={waiting}
        keyOf={({ call_id }) => call_id}
        columns={[
          { label: t("filter.number"), show: ({ number }) => <Phone number={number} /> },
          {
            label: t("reports.missedAt"),
            show: ({ call_id, missed_at }) => (
              <Link to="/calls/$id" params={{ id: call_id }}>
                <Time at={missed_at} />
              </Link>
            ),
          },
        ]}
      />
    </section>
  );
}
