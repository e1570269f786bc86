import { CAMPAIGN_CONTACT_DISPOSITION, type Schemas } from "../../api/schema.gen.ts";
import { useText } from "../../locales/text.tsx";
import { Table } from "../../ui/Table.tsx";
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
        <Table
          isNarrow
          caption={t("dialer.funnel")}
          items={rows}
          keyOf={({ disposition }) => disposition}
          columns={[
            { label: t("dialer.outcome"), show: ({ disposition }) => t(`dialer.disposition.${disposition}`) },
            {
              label: t("dialer.share"),
              show: ({ disposition, contacts: count }) => (
                <progress
                  className="bar"
                  max={Math.max(1, contacts.total)}
                  value={count}
                  aria-label={t(`dialer.disposition.${disposition}`)}
                />
              ),
            },
            { label: t("dialer.contacts"), className: "end number", show: (row) => row.contacts },
          ]}
        />
      )}
    </section>
  );
}
