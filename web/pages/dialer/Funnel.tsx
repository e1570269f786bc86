import { CAMPAIGN_CONTACT_DISPOSITION, type Schemas } from "../../api/schema.gen.ts";
import { useText } from "../../locales/text.tsx";
import { countOf } from "./CampaignActions.tsx";

/** How many are still to be called, and what came of the others. */
export function Funnel({ statistics }: { statistics: Schemas["CampaignStatistics"] }) {
  const { t } = useText();
  const { contacts } = statistics.campaign;
  const states = ["total", "pending", "dialing", "completed", "failed", "skipped"] as const;
  const rows = CAMPAIGN_CONTACT_DISPOSITION.map((disposition) => ({
    disposition,
    contacts: countOf(statistics.by_disposition, disposition),
  })).filter((row) => row.contacts > 0);
  return (
    <section className="card" aria-label={t("dialer.funnel")}>
      <dl className="figures">
        {states.map((state) => (
          <div className="figure" key={state}>
            <dt>{t(`dialer.count.${state}`)}</dt>
            <dd>{contacts[state]}</dd>
          </div>
        ))}
      </dl>
      <h2>{t("dialer.funnel")}</h2>
      {rows.length === 0 && <p className="quiet">{t("dialer.noOutcome")}</p>}
      {rows.length > 0 && (
        <table className="grid-table">
          <thead>
            <tr>
              <th scope="col">{t("dialer.outcome")}</th>
              <th scope="col">{t("dialer.share")}</th>
              <th scope="col" className="end">
                {t("dialer.contacts")}
              </th>
            </tr>
          </thead>
          <tbody>
            {rows.map(({ disposition, contacts: count }) => (
              <tr key={disposition}>
                <td>{t(`dialer.disposition.${disposition}`)}</td>
                <td>
                  <progress
                    className="bar"
                    max={Math.max(1, contacts.total)}
                    value={count}
                    aria-label={t(`dialer.disposition.${disposition}`)}
                  />
                </td>
                <td className="end number">{count}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}
