import { Button } from "@mantine/core";
import { api, ask } from "../../api/client.ts";
import type { Schemas } from "../../api/schema.gen.ts";
import { useText } from "../../locales/text.tsx";
import { useMay } from "../../ui/current-user.ts";
import { useDecision } from "../../ui/decisions.ts";
import { useNumberText } from "../../ui/phone-numbers.ts";
import { RemoveButton } from "../../ui/removals.tsx";
import { ContactHistory } from "./ContactHistory.tsx";

interface ContactActionsProps {
  contact: Schemas["CampaignContact"];
  campaignId: string;
}

/** What may be done with one person of a campaign: look back, not call, take out. */
export function ContactActions({ contact, campaignId }: ContactActionsProps) {
  const { t } = useText();
  const may = useMay();
  const { id, state } = contact;
  const number = useNumberText()(contact.number);
  const params = { path: { id: campaignId, contactId: id } };
  const { shown, decide } = useDecision({
    name: `contact-state:${id}`,
    told: state,
    run: () => ask(api.POST("/api/v1/campaigns/{id}/contacts/{contactId}/skip", { params })),
    done: () => t("dialer.contactSkipped", { number }),
  });
  return (
    <div className="row">
      <ContactHistory contact={contact} campaignId={campaignId} />
      {shown === "pending" && may("POST /api/v1/campaigns/{id}/contacts/{contactId}/skip") && (
        <Button size="xs" variant="default" onClick={() => decide("skipped")}>
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
