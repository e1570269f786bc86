import { NativeSelect } from "@mantine/core";
import { useState } from "react";
import { api, ask } from "../../api/client.ts";
import { CAMPAIGN_CONTACT_DISPOSITION, CAMPAIGN_CONTACT_STATE, type Schemas } from "../../api/schema.gen.ts";
import { useText } from "../../locales/text.tsx";
import { Badge, type Tone } from "../../ui/Badge.tsx";
import { useMay } from "../../ui/current-user.ts";
import { useDecided } from "../../ui/decisions.ts";
import { ListCard, usePagedList } from "../../ui/ListCard.tsx";
import { Phone } from "../../ui/Phone.tsx";
import { TextFilter } from "../../ui/TextFilter.tsx";
import { Time } from "../../ui/Time.tsx";
import { AddContact } from "./AddContact.tsx";
import { ContactActions } from "./ContactActions.tsx";
import { toVariablesText } from "./contact-variables.ts";

type Contact = Schemas["CampaignContact"];
/** States of a campaign in which somebody may be added. */
const OPEN: readonly Schemas["Campaign"]["state"][] = ["draft", "active", "paused"];
const TONES: Record<Contact["state"], Tone> = {
  ...{ pending: "still", dialing: "busy", completed: "good", failed: "bad", skipped: "warn" },
};

/** Whom the campaign calls, and what came of each. */
export function Contacts({ campaign: { id, state: campaignState } }: { campaign: Schemas["Campaign"] }) {
  const { t } = useText();
  const may = useMay();
  const mayAdd = OPEN.includes(campaignState) && may("POST /api/v1/campaigns/{id}/contacts");
  const [state, setState] = useState<Contact["state"]>();
  const [disposition, setDisposition] = useState<NonNullable<Contact["disposition"]>>();
  const [number, setNumber] = useState("");
  const query = { ...(state && { state }), ...(disposition && { disposition }), ...(number && { number }) };
  const list = usePagedList({
    key: ["campaign-contacts", id, query],
    load: (page, signal) =>
      ask(
        api.GET("/api/v1/campaigns/{id}/contacts", { signal, params: { path: { id }, query: { ...query, ...page } } }),
      ),
  });
  return (
    <section aria-label={t("dialer.contacts")}>
      <h2 className="section-title">{t("dialer.contacts")}</h2>
      <div className="filters">
        <NativeSelect
          label={t("dialer.stateLabel")}
          value={state ?? ""}
          onChange={(event) => setState(CAMPAIGN_CONTACT_STATE.find((one) => one === event.currentTarget.value))}
          data={[
            { value: "", label: t("dialer.everyState") },
            ...CAMPAIGN_CONTACT_STATE.map((value) => ({ value, label: t(`dialer.contact.${value}`) })),
          ]}
        />
        <NativeSelect
          label={t("dialer.outcome")}
          value={disposition ?? ""}
          onChange={(event) =>
            setDisposition(CAMPAIGN_CONTACT_DISPOSITION.find((one) => one === event.currentTarget.value))
          }
          data={[
            { value: "", label: t("dialer.everyOutcome") },
            ...CAMPAIGN_CONTACT_DISPOSITION.map((value) => ({ value, label: t(`dialer.disposition.${value}`) })),
          ]}
        />
        <TextFilter label={t("dialer.number")} value={number} onChange={setNumber} />
      </div>
      {mayAdd && (
        <div className="row add-contact">
          <AddContact campaignId={id} />
        </div>
      )}
      <ListCard
        kind="contact"
        list={list}
        empty={{ title: t("dialer.noContacts"), text: t("dialer.noContactsText") }}
        isFiltered={Object.keys(query).length > 0}
        columns={[
          { label: t("dialer.number"), className: "number nowrap", show: ({ number }) => <Phone number={number} /> },
          {
            label: t("dialer.stateLabel"),
            show: (one) => <ContactBadge contact={one} />,
          },
          {
            label: t("dialer.outcome"),
            show: (one) => (one.disposition ? t(`dialer.disposition.${one.disposition}`) : "–"),
          },
          { label: t("dialer.attempts"), className: "number", show: ({ attempts }) => attempts },
          { label: t("dialer.nextAt"), show: ({ next_at }) => <Time at={next_at} /> },
          {
            label: t("dialer.variables"),
            className: "break small",
            show: ({ variables }) => toVariablesText(variables),
          },
          {
            label: t("deliveries.actions"),
            show: (contact) => <ContactActions contact={contact} campaignId={id} />,
          },
        ]}
      />
    </section>
  );
}

function ContactBadge({ contact: { id, state: told } }: { contact: Contact }) {
  const { t } = useText();
  const state = useDecided(`contact-state:${id}`, told);
  return <Badge tone={TONES[state]}>{t(`dialer.contact.${state}`)}</Badge>;
}
