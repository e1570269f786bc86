import { useState } from "react";
import type { Schemas } from "../../api/schema.gen.ts";
import { type Translate, useText } from "../../locales/text.tsx";
import { DeliveryBadge } from "../../ui/Badge.tsx";
import { useMay } from "../../ui/current-user.ts";
import { OutsideLink } from "../../ui/outside-link.tsx";
import { Said } from "../../ui/Said.tsx";
import { Time } from "../../ui/Time.tsx";
import { Attempts } from "../deliveries/Attempts.tsx";
import { DeliveryActions } from "../deliveries/DeliveryActions.tsx";

type CallDetail = Schemas["CallDetail"];
type CallDelivery = CallDetail["deliveries"][number];

/** The CRM records of a call, one card a connection. */
export function CallDeliveries({ call }: { call: CallDetail }) {
  const { t } = useText();
  return (
    <section className="card">
      <h2>{t("call.records")}</h2>
      {call.deliveries.length === 0 && (
        <p className="quiet">{t(call.ended_at === null ? "call.recordsLater" : "call.recordsNone")}</p>
      )}
      <div className="stack">
        {call.deliveries.map((delivery) => (
          <DeliveryCard
            key={delivery.id}
            delivery={delivery}
            contact={call.contact?.connection_id === delivery.connection_id ? call.contact : null}
          />
        ))}
      </div>
    </section>
  );
}

function DeliveryCard({ delivery, contact }: { delivery: CallDelivery; contact: CallDetail["contact"] }) {
  const { t } = useText();
  const may = useMay();
  const [isOpen, setOpen] = useState(false);
  const { id, connection, state, url, remote_id, last_attempt_at } = delivery;
  return (
    <article className="delivery">
      <div className="row spread">
        <span className="row">
          <strong>{connection}</strong>
          <DeliveryBadge state={state} />
        </span>
        <DeliveryActions delivery={delivery} />
      </div>
      <p className="small">
        {url ? <OutsideLink url={url}>{t("delivery.open", { id: remote_id ?? "" })}</OutsideLink> : remote_id}{" "}
        <span className="quiet">
          {t("delivery.lastAttempt")} <Time at={last_attempt_at} seconds />
        </span>
      </p>
      <Why delivery={delivery} contact={contact} />
      {may("GET /api/v1/deliveries/{id}/attempts") && (
        <details onToggle={(event) => setOpen(event.currentTarget.open)}>
          <summary>{t("attempts.title")}</summary>
          {isOpen && <Attempts deliveryId={id} />}
        </details>
      )}
    </article>
  );
}

/** Why the call hangs on a contact over there, or on none: in the person's words, then in those of the connector. */
function Why({ delivery, contact }: { delivery: CallDelivery; contact: CallDetail["contact"] }) {
  const { t } = useText();
  const { state, connector, reason, review } = delivery;
  return (
    <section className="why" aria-label={t("why.title")}>
      <p className="small">{toWhy(state, { connector, contact, isSilent: reason === null && review === null, t })}</p>
      {reason !== null && (
        <p className="note small note-bad">
          <Said text={reason} code={delivery.reason_code} values={delivery.reason_values} />
        </p>
      )}
      {review !== null && (
        <p className="note small note-warn">
          <Said text={review} code={delivery.review_code} values={delivery.review_values} />
        </p>
      )}
    </section>
  );
}

function toWhy(
  state: CallDelivery["state"],
  around: { connector: string; contact: CallDetail["contact"]; isSilent: boolean; t: Translate },
): string {
  const { connector, contact, isSilent, t } = around;
  if (contact) return t("why.linked", { name: contact.name ?? contact.id });
  if (state === "pending" || state === "leased") return t("why.waiting");
  if (state !== "delivered") return t("why.failed");
  if (connector === "webhook") return t("why.noContacts");
  return t(isSilent ? "why.unlinkedSilent" : "why.unlinked");
}
