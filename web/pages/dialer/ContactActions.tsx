import { Button } from "@mantine/core";
import { api, ask } from "../../api/client.ts";
import type { Schemas } from "../../api/schema.gen.ts";
import { useText } from "../../locales/text.tsx";
import { useMay } from "../../ui/current-user.ts";
import { showProblem } from "../../ui/notices.tsx";
import { RemoveButton } from "../../ui/removals.tsx";
import { useAction } from "../../ui/use-action.ts";
import { ContactHistory } from "./ContactHistory.tsx";

interface ContactActionsProps {
  contact: Schemas["CampaignContact"];
  campaignId: string;
}

/** What may be done with one person of a campaign: look back, not call, take out. */
export function ContactActions({ contact, campaignId }: ContactActionsProps) {
  const { t } = useText();
  const may = useMay();
  const { id, number, state } = contact;
  const params = { path: { id: campaignId, contactId: id } };
  const skip = useAction({
    run: () => ask(api.POST("/api/v1/campaigns/{id}/contacts/{contactId}/skip", { params })),
    done: t("dialer.contactSkipped", { number }),
    onError: showProblem,
  });
  return (
    <div className="row">
      <ContactHistory contact={contact} campaignId={campaignId} />
      {state === "pending" && may("POST /api/v1/campaigns/{id}/contacts/{contactId}/skip") && (
        <Button size="xs" variant="default" loading={skip.isPending} onClick={() => skip.mutate()}>
          {t("dialer.skipContact")}
          <span className="visually-hidden"> {number}</span>
        </Button>
      )}
      {state !== "dialing" && may("DELETE /api/v1/campaigns/{id}/contacts/{contactId}") && (
        <RemoveButton
          label={t("action.remove")}
          about={number}
          removal={{
            name: `contact:${id}`,
            sentence: t("dialer.removed", { name: number }),
            run: () => ask(api.DELETE("/api/v1/campaigns/{id}/contacts/{contactId}", { params, keepalive: true })),
          }}
        />
      )}
    </div>
  );
}
