import { lazy, Suspense, useState } from "react";
import type { Schemas } from "../../api/schema.gen.ts";
import { useText } from "../../locales/text.tsx";
import { useLive } from "./use-live.ts";

const SPANS = ["hour", "day"] as const;
/** The drawing comes by itself: the page does not wait for it. */
const ActivityChart = lazy(async () => ({ default: (await import("./ActivityChart.tsx")).ActivityChart }));

/** The calls of the last hour or day: the figures in words, the course of it as a drawing. */
export function Activity() {
  const { t } = useText();
  const [span, setSpan] = useState<(typeof SPANS)[number]>("hour");
  const data = useLive((picture) => picture.activity)?.find((one) => one.span === span);
  return (
    <section className="card activity" aria-label={t("activity.title")}>
      <div className="stack activity-figures">
        <fieldset className="row chips">
          <legend className="visually-hidden">{t("activity.span")}</legend>
          {SPANS.map((one) => (
            <button key={one} type="button" className="chip" aria-pressed={one === span} onClick={() => setSpan(one)}>
              {t(`activity.${one}`)}
            </button>
          ))}
        </fieldset>
        {data && <Figures activity={data} />}
      </div>
      <div className="activity-chart">
        <Suspense>{data && <ActivityChart activity={data} label={t("activity.chart")} />}</Suspense>
      </div>
    </section>
  );
}

const sum = (counts: readonly number[]): number => counts.reduce((total, one) => total + one, 0);

function Figures({ activity }: { activity: Schemas["CallActivity"] }) {
  const { t, language } = useText();
  const [answered, missed, other] = [sum(activity.answered), sum(activity.missed), sum(activity.other)];
  const taken = sum(activity.inbound_answered);
  const inbound = taken + missed;
  const percent = new Intl.NumberFormat(language, { style: "percent", maximumFractionDigits: 0 });
  const figures = [
    [t("activity.calls"), answered + missed + other],
    [t("activity.answered"), answered],
    [t("activity.missed"), missed],
    [t("activity.rate"), inbound === 0 ? "–" : percent.format(taken / inbound)],
  ] as const;
  return (
    <dl className="figures">
      {figures.map(([name, value]) => (
        <div key={name} className="figure">
          <dt>{name}</dt>
          <dd className="number">{value}</dd>
        </div>
      ))}
    </dl>
  );
}
