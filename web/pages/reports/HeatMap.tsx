import type { Schemas } from "../../api/schema.gen.ts";
import { useText } from "../../locales/text.tsx";

const WEEKDAYS = [1, 2, 3, 4, 5, 6, 7] as const;
const HOURS = Array.from({ length: 24 }, (_, hour) => hour);
const STEPS = 5;
/** 2024-01-01 was a Monday. */
const MONDAY_MS = Date.UTC(2024, 0, 1);
const DAY_MS = 86_400_000;

/** When the telephone rings: hours of the week, the busier the darker. Each cell says its number. */
export function HeatMap({ hours }: { hours: Schemas["CallStatistics"]["hours"] }) {
  const { t, language } = useText();
  const counts = new Map(hours.map(({ weekday, hour, calls }) => [`${weekday} ${hour}`, calls]));
  const most = Math.max(1, ...counts.values());
  const name = new Intl.DateTimeFormat(language, { weekday: "short", timeZone: "UTC" });
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: WCAG 2.1.1 wants scrolled regions to be reachable
    <section className="heat-box" tabIndex={0} aria-label={t("reports.hours")}>
      <table className="heat">
        <thead>
          <tr>
            <th scope="col">
              <span className="visually-hidden">{t("reports.weekday")}</span>
            </th>
            {HOURS.map((hour) => (
              <th key={hour} scope="col">
                {hour}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {WEEKDAYS.map((weekday) => (
            <tr key={weekday}>
              <th scope="row">{name.format(MONDAY_MS + (weekday - 1) * DAY_MS)}</th>
              {HOURS.map((hour) => {
                const calls = counts.get(`${weekday} ${hour}`) ?? 0;
                return (
                  <td key={hour} className={`heat-${calls === 0 ? 0 : Math.ceil((calls / most) * STEPS)}`}>
                    {calls === 0 ? "" : calls}
                  </td>
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
