import "./calls.css";
import { Link } from "@tanstack/react-router";
import type { Schemas } from "../../api/schema.gen.ts";
import { useText } from "../../locales/text.tsx";
import { DeliveryBadge, OutcomeBadge } from "../../ui/Badge.tsx";
import { Icon } from "../../ui/Icon.tsx";
import { toClock } from "../../ui/instants.ts";
import { Phone } from "../../ui/Phone.tsx";
import { Time } from "../../ui/Time.tsx";

type Call = Schemas["Call"];

export function CallTable({ calls }: { calls: readonly Call[] }) {
  const { t } = useText();
  return (
    <table className="grid-table folds calls-table">
      <thead>
        <tr>
          <th scope="col">{t("call.started")}</th>
          <th scope="col">{t("call.direction")}</th>
          <th scope="col">{t("call.from")}</th>
          <th scope="col">{t("call.to")}</th>
          <th scope="col">{t("call.outcome")}</th>
          <th scope="col">{t("call.extension")}</th>
          <th scope="col" className="end">
            {t("call.talk")}
          </th>
          <th scope="col">{t("call.crm")}</th>
        </tr>
      </thead>
      <tbody>
        {calls.map((call) => (
          <CallRow key={call.id} call={call} />
        ))}
      </tbody>
    </table>
  );
}

function CallRow({ call }: { call: Call }) {
  const { t } = useText();
  return (
    <tr>
      <td data-label={t("call.started")}>
        <Link to="/calls/$id" params={{ id: call.id }}>
          <Time at={call.started_at} />
        </Link>
      </td>
      <td data-label={t("call.direction")} className="nowrap">
        <Direction direction={call.direction} />
      </td>
      <td data-label={t("call.from")} className="break">
        <Phone number={call.from} />
        {call.direction === "inbound" && <ContactName call={call} />}
      </td>
      <td data-label={t("call.to")} className="break">
        <Phone number={call.to} />
        {call.direction === "outbound" && <ContactName call={call} />}
      </td>
      <td data-label={t("call.outcome")}>
        <OutcomeBadge outcome={call.outcome} direction={call.direction} />
      </td>
      <td data-label={t("call.extension")}>{call.agent_extension ?? "–"}</td>
      <td data-label={t("call.talk")} className="end number">
        {call.talk_seconds === null ? "–" : toClock(call.talk_seconds)}
      </td>
      <td data-label={t("call.crm")}>
        {call.deliveries.length === 0 && "–"}
        {call.deliveries.map(({ id, connection, state }) => (
          <span key={id} className="row" title={connection}>
            <DeliveryBadge state={state} />
          </span>
        ))}
      </td>
    </tr>
  );
}

export function Direction({ direction }: { direction: Call["direction"] }) {
  const { t } = useText();
  return (
    <span className="direction">
      <Icon name={direction} size={15} /> {t(`direction.${direction}`)}
    </span>
  );
}

function ContactName({ call }: { call: Call }) {
  if (!call.contact) return null;
  return <div className="quiet small">{call.contact.name ?? call.contact.id}</div>;
}
