import { useQuery } from "@tanstack/react-query";
import { api, ask } from "../../api/client.ts";
import type { Schemas } from "../../api/schema.gen.ts";
import { useText } from "../../locales/text.tsx";
import { DialogButton } from "../../ui/DialogButton.tsx";
import { ErrorNote } from "../../ui/ErrorNote.tsx";
import { ListCard, usePagedList } from "../../ui/ListCard.tsx";
import { Loading } from "../../ui/Loading.tsx";
import { useNumberText } from "../../ui/phone-numbers.ts";
import { useAttemptColumns } from "./attempt-columns.tsx";
import { toVariablesText } from "./contact-variables.ts";
import { WhyAnswer } from "./WhyAnswer.tsx";

interface ContactHistoryProps {
  contact: Schemas["CampaignContact"];
  campaignId: string;
}

/** Everything that was tried with one person of a campaign, and why nothing more, or what is next. */
export function ContactHistory({ contact, campaignId }: ContactHistoryProps) {
  const { t } = useText();
  const number = useNumberText()(contact.number);
  return (
    <DialogButton size="xl" label={t("dialer.history")} about={number} title={t("dialer.historyOf", { number })}>
      {() => <History contact={contact} campaignId={campaignId} />}
    </DialogButton>
  );
}

function History({ contact: { id, number, variables }, campaignId }: ContactHistoryProps) {
  const { t } = useText();
  const { when, outcome } = useAttemptColumns();
  const attempts = usePagedList({
    key: ["attempts", { contact_id: id }],
    load: (page, signal) =>
      ask(
        api.GET("/api/v1/attempts", {
          signal,
          params: { query: { campaign_id: campaignId, contact_id: id, ...page } },
        }),
      ),
  });
  const why = useQuery({
    queryKey: ["why", number, campaignId],
    queryFn: ({ signal }) =>
      ask(api.GET("/api/v1/dialer/why", { signal, params: { query: { number, campaign_id: campaignId } } })),
  });
  return (
    <div className="stack">
      <p className="break small">{toVariablesText(variables)}</p>
      <ListCard
        list={attempts}
        empty={{ title: t("dialer.noAttempts"), text: t("dialer.noHistoryText") }}
        columns={[when, ...outcome]}
      />
      <h2 className="section-title">{t("dialer.why")}</h2>
      {why.error && <ErrorNote error={why.error} onRetry={() => void why.refetch()} />}
      {why.isLoading && <Loading />}
      {why.data && <WhyAnswer why={why.data} />}
    </div>
  );
}
