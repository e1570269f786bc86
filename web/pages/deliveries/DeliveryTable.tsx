import { Link } from "@tanstack/react-router";
import { useState } from "react";
import type { Schemas } from "../../api/schema.gen.ts";
import { useText } from "../../locales/text.tsx";
import { DeliveryBadge } from "../../ui/Badge.tsx";
import { OutsideLink } from "../../ui/outside-link.tsx";
import { Time } from "../../ui/Time.tsx";
import { Attempts } from "./Attempts.tsx";
import { DeliveryActions } from "./DeliveryActions.tsx";
import { DeliveryReason } from "./DeliveryReason.tsx";

type Delivery = Schemas["Delivery"];

export function DeliveryTable({ deliveries }: { deliveries: readonly Delivery[] }) {
  const { t } = useText();
  return (
    <table className="grid-table folds">
      <thead>
        <tr>
          <th scope="col">{t("deliveries.planned")}</th>
          <th scope="col">{t("deliveries.what")}</th>
          <th scope="col">{t("filter.connection")}</th>
          <th scope="col">{t("deliveries.state")}</th>
          <th scope="col">{t("deliveries.why")}</th>
          <th scope="col">{t("deliveries.actions")}</th>
        </tr>
      </thead>
      <tbody>
        {deliveries.map((delivery) => (
          <DeliveryRow key={delivery.id} delivery={delivery} />
        ))}
      </tbody>
    </table>
  );
}

function DeliveryRow({ delivery }: { delivery: Delivery }) {
  const { t } = useText();
  const { call_id, kind, name, connection, state, tries, remote, created_at } = delivery;
  return (
    <tr>
      <td data-label={t("deliveries.planned")}>
        <Time at={created_at} seconds />
      </td>
      <td data-label={t("deliveries.what")} className="nowrap">
        <Link to="/calls/$id" params={{ id: call_id }}>
          {t("deliveries.call", { id: call_id })}
        </Link>
        <div className="quiet small">{kind === "record" ? t("kind.record") : `${t("kind.signal")} ${name}`}</div>
      </td>
      <td data-label={t("filter.connection")}>
        {connection}
        {remote?.url && (
          <div className="small">
            <OutsideLink url={remote.url}>{remote.id}</OutsideLink>
          </div>
        )}
      </td>
      <td data-label={t("deliveries.state")}>
        <DeliveryBadge state={state} />
      </td>
      <td data-label={t("deliveries.why")} className="break reason">
        <div>
          <DeliveryReason delivery={delivery} />
        </div>
        <Tries deliveryId={delivery.id} tries={tries} />
      </td>
      <td data-label={t("deliveries.actions")}>
        <DeliveryActions delivery={delivery} />
      </td>
    </tr>
  );
}

function Tries({ deliveryId, tries }: { deliveryId: string; tries: number }) {
  const { t } = useText();
  const [isOpen, setOpen] = useState(false);
  return (
    <details className="small" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>{t("deliveries.tries", { count: tries })}</summary>
      {isOpen && <Attempts deliveryId={deliveryId} />}
    </details>
  );
}
