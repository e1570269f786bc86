import { Button } from "@mantine/core";
import { api, ask } from "../../api/client.ts";
import type { Schemas } from "../../api/schema.gen.ts";
import { useText } from "../../locales/text.tsx";
import { useMay } from "../../ui/current-user.ts";
import { ErrorNote } from "../../ui/ErrorNote.tsx";
import { Table } from "../../ui/Table.tsx";
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
  return (
    <div className="stack" role="status">
      {!result.acknowledged && <p className="note note-warn">{t("dialer.notAcknowledged")}</p>}
      <p>{t("dialer.allowedNow", { allowed: result.allowed_now, contacts: result.contacts })}</p>
      {result.never > 0 && <p>{t("dialer.neverCalled", { contacts: result.never })}</p>}
      {result.unexamined > 0 && <p>{t("dialer.unexamined", { contacts: result.unexamined })}</p>}
      {result.blocked.length > 0 && (
        <Table
          isNarrow
          caption={t("dialer.keptBack")}
          items={result.blocked}
          keyOf={({ rule, final }) => `${rule} ${final}`}
          columns={[
            { label: t("dialer.rule"), show: ({ rule }) => t(`dialer.ruleIs.${rule}`) },
            { label: t("dialer.forGood"), show: ({ final }) => t(final ? "dialer.yes" : "dialer.no") },
            { label: t("dialer.contacts"), className: "end number", show: ({ contacts }) => contacts },
          ]}
        />
      )}
      {result.first_eligible.length > 0 && <Histogram hours={result.first_eligible} />}
    </div>
  );
}

/** Of those who wait: in which hour each may be called first. */
function Histogram({ hours }: { hours: Schemas["DryRun"]["first_eligible"] }) {
  const { t } = useText();
  const most = Math.max(1, ...hours.map(({ contacts }) => contacts));
  return (
    <Table
      isNarrow
      caption={t("dialer.firstHours")}
      items={hours}
      keyOf={({ from }) => from}
      columns={[
        { label: t("dialer.firstHours"), show: ({ from }) => <Time at={from} /> },
        {
          label: t("dialer.share"),
          show: ({ contacts }) => (
            <progress className="bar" max={most} value={contacts} aria-label={t("dialer.share")} />
          ),
        },
        { label: t("dialer.contacts"), className: "end number", show: ({ contacts }) => contacts },
      ]}
    />
  );
}
