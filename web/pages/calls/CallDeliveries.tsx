import { useState } from "react";
import type { Schemas } from "../../api/schema.gen.ts";
import { useText } from "../../locales/text.tsx";
import { DeliveryBadge } from "../../ui/Badge.tsx";
import { useMay } from "../../ui/current-user.ts";
import { OutsideLink } from "../../ui/outside-link.tsx";
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
            isLinked={call.contact?.connection_id === delivery.connection_id}
          />
        ))}
      </div>
    </section>
  );
}

function DeliveryCard({ delivery, isLinked }: { delivery: CallDelivery; isLinked: boolean }) {
  const { t } = useText();
  const may = useMay();
  const [isOpen, setOpen] = useState(false);
  const { id, connection, state, url, remote_id, reason, review, last_attempt_at } = delivery;
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
      {state === "delivered" && <p className="small quiet">{t(isLinked ? "delivery.linked" : "delivery.unlinked")}</p>}
      {reason && (
        <p className="note note-bad small" lang="en">
          {reason}
        </p>
      )}
      {review && (
        <p className="note note-warn small" lang="en">
          {review}
        </p>
      )}
      {may("GET /api/v1/deliveries/{id}/attempts") && (
        <details onToggle={(event) => setOpen(event.currentTarget.open)}>
          <summary>{t("attempts.title")}</summary>
          {isOpen && <Attempts deliveryId={id} />}
        </details>
      )}
    </article>
  );
}
