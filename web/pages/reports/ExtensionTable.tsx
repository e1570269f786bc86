import { Link } from "@tanstack/react-router";
import type { Schemas } from "../../api/schema.gen.ts";
import { useText } from "../../locales/text.tsx";
import { toClock } from "../../ui/instants.ts";

/** Who took and made how many calls; a number leads to them. */
export function ExtensionTable({ extensions }: { extensions: Schemas["CallStatistics"]["extensions"] }) {
  const { t } = useText();
  if (extensions.length === 0) return null;
  return (
    <section className="card card-flush report-table" aria-label={t("reports.extensions")}>
      <div className="card-head">
        <h2>{t("reports.extensions")}</h2>
      </div>
      <table className="grid-table folds">
        <thead>
          <tr>
            <th scope="col">{t("call.extension")}</th>
            {(
              [
                "activity.calls",
                "direction.inbound",
                "direction.outbound",
                "activity.answered",
                "reports.talk",
              ] as const
            ).map((key) => (
              <th key={key} scope="col" className="end">
                {t(key)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {extensions.map(({ extension, calls, inbound, outbound, answered, talk_seconds }) => (
            <tr key={extension}>
              <td data-label={t("call.extension")}>
                <Link to="/calls" search={{ extension }}>
                  {extension}
                </Link>
              </td>
              <td data-label={t("activity.calls")} className="end number">
                {calls}
              </td>
              <td data-label={t("direction.inbound")} className="end number">
                {inbound}
              </td>
              <td data-label={t("direction.outbound")} className="end number">
                {outbound}
              </td>
              <td data-label={t("activity.answered")} className="end number">
                {answered}
              </td>
              <td data-label={t("reports.talk")} className="end number">
                {toClock(talk_seconds)}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
