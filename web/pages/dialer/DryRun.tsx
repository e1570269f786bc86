import { Button } from "@mantine/core";
import { api, ask } from "../../api/client.ts";
import type { Schemas } from "../../api/schema.gen.ts";
import { useText } from "../../locales/text.tsx";
import { useMay } from "../../ui/current-user.ts";
import { ErrorNote } from "../../ui/ErrorNote.tsx";
import { Time } from "../../ui/Time.tsx";
import { useAction } from "../../ui/use-action.ts";

/** Before anybody is called: whom the rules let through now, whom not and why, and when the others' first hour comes. */
export function DryRun({ campaignId: id }: { campaignId: string }) {
  const { t } = useText();
  const may = useMay();
  const run = useAction({
    run: () => ask(api.POST("/api/v1/campaigns/{id}/dry-run", { params: { path: { id } } })),
  });
  if (!may("POST /api/v1/campaigns/{id}/dry-run")) return null;
  return (
    <section className="card stack" aria-label={t("dialer.dryRun")}>
      <h2>{t("dialer.dryRun")}</h2>
      <p className="quiet small">{t("dialer.dryRunHint")}</p>
      <div className="row">
        <Button variant="default" loading={run.isPending} onClick={() => run.mutate()}>
          {t("dialer.dryRunNow")}
        </Button>
      </div>
      {run.error && <ErrorNote error={run.error} />}
      {run.data && <Result result={run.data} />}
    </section>
  );
}

function Result({ result }: { result: Schemas["DryRun"] }) {
  const { t } = useText();
  const most = Math.max(1, ...result.first_eligible.map(({ contacts }) => contacts));
  return (
    <div className="stack" role="status">
      {!result.acknowledged && <p className="note note-warn">{t("dialer.notAcknowledged")}</p>}
      <p>{t("dialer.allowedNow", { allowed: result.allowed_now, contacts: result.contacts })}</p>
      {result.blocked.length > 0 && (
        <table className="grid-table">
          <thead>
            <tr>
              <th scope="col">{t("dialer.rule")}</th>
              <th scope="col">{t("dialer.forGood")}</th>
              <th scope="col" className="end">
                {t("dialer.contacts")}
              </th>
            </tr>
          </thead>
          <tbody>
            {result.blocked.map(({ rule, final, contacts }) => (
              <tr key={`${rule} ${final}`}>
                <td>{t(`dialer.ruleIs.${rule}`)}</td>
                <td>{final ? t("dialer.yes") : t("dialer.no")}</td>
                <td className="end number">{contacts}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {result.first_eligible.length > 0 && (
        <table className="grid-table">
          <caption className="visually-hidden">{t("dialer.firstHours")}</caption>
          <thead>
            <tr>
              <th scope="col">{t("dialer.firstHours")}</th>
              <th scope="col">{t("dialer.share")}</th>
              <th scope="col" className="end">
                {t("dialer.contacts")}
              </th>
            </tr>
          </thead>
          <tbody>
            {result.first_eligible.map(({ from, contacts }) => (
              <tr key={from}>
                <td>
                  <Time at={from} />
                </td>
                <td>
                  <progress max={most} value={contacts} aria-label={t("dialer.share")} />
                </td>
                <td className="end number">{contacts}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </div>
  );
}
