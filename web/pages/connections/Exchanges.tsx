import { NativeSelect } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { api, ask } from "../../api/client.ts";
import type { Schemas } from "../../api/schema.gen.ts";
import { useText } from "../../locales/text.tsx";
import { DeliveryBadge } from "../../ui/Badge.tsx";
import { useMay } from "../../ui/current-user.ts";
import { ErrorNote } from "../../ui/ErrorNote.tsx";
import { Loading } from "../../ui/Loading.tsx";
import { Time } from "../../ui/Time.tsx";
import { Attempts } from "../deliveries/Attempts.tsx";
import { DeliveryReason } from "../deliveries/DeliveryReason.tsx";

const SHOWN = 10;
const REFRESH_MS = 10_000;
const STATES = ["", "dead", "pending", "delivered"] as const;

/** What was said to the CRM last and what it answered, a delivery a line; opened, every attempt with request and answer. */
export function Exchanges({ connectionId }: { connectionId: string }) {
  const { t } = useText();
  const may = useMay();
  const [state, setState] = useState<(typeof STATES)[number]>("");
  const isWanted = may("GET /api/v1/deliveries");
  const list = useQuery({
    queryKey: ["connection-exchanges", connectionId, state],
    queryFn: ({ signal }) => {
      const query = { connection_id: connectionId, limit: SHOWN, ...(state && { state }) };
      return ask(api.GET("/api/v1/deliveries", { signal, params: { query } }));
    },
    refetchInterval: REFRESH_MS,
    enabled: isWanted,
  });
  if (!isWanted) return null;
  return (
    <section className="card stack" aria-label={t("exchanges.title")}>
      <div className="row spread">
        <h2>{t("exchanges.title")}</h2>
        <NativeSelect
          size="xs"
          aria-label={t("exchanges.which")}
          value={state}
          data={STATES.map((one) => ({ value: one, label: one === "" ? t("exchanges.all") : t(`delivery.${one}`) }))}
          onChange={(event) => setState(STATES.find((one) => one === event.currentTarget.value) ?? "")}
        />
      </div>
      {list.error && <ErrorNote error={list.error} onRetry={() => void list.refetch()} />}
      {list.isLoading && <Loading />}
      {list.data?.items.length === 0 && <p className="quiet">{t("exchanges.none")}</p>}
      {list.data?.items.map((delivery) => (
        <Exchange key={delivery.id} delivery={delivery} />
      ))}
      <div>
        <Link to="/deliveries" search={{ connection: connectionId, state: "all" }}>
          {t("exchanges.more")}
        </Link>
      </div>
    </section>
  );
}

function Exchange({ delivery }: { delivery: Schemas["Delivery"] }) {
  const { t } = useText();
  const [isOpen, setOpen] = useState(false);
  const { id, call_id, state, reason, review, last_attempt_at, created_at } = delivery;
  return (
    <details className="attempt-details" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>
        <span className="row">
          <Time at={last_attempt_at ?? created_at} seconds /> <DeliveryBadge state={state} />
          <span>{t("exchanges.call", { id: call_id })}</span>
        </span>
        {(reason ?? review) && (
          <div className="small break quiet">
            <DeliveryReason delivery={delivery} />
          </div>
        )}
      </summary>
      <p className="small">
        <Link to="/calls/$id" params={{ id: call_id }}>
          {t("exchanges.seeCall")}
        </Link>
      </p>
      {isOpen && <Attempts deliveryId={id} />}
    </details>
  );
}
