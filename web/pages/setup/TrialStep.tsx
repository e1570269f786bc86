import { Button, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { api, ask } from "../../api/client.ts";
import { useText } from "../../locales/text.tsx";
import { DeliveryBadge } from "../../ui/Badge.tsx";
import { ErrorNote } from "../../ui/ErrorNote.tsx";
import { OutsideLink } from "../../ui/outside-link.tsx";
import { Said } from "../../ui/Said.tsx";
import { useAction } from "../../ui/use-action.ts";

const WATCH_MS = 1_000;

/** A made-up call, and what becomes of it, watched until it stands in every CRM. */
export function TrialStep() {
  const { t } = useText();
  const [uuid, setUuid] = useState<string | null>(null);
  const send = useAction({
    run: (from: string) => ask(api.POST("/api/v1/calls/trial", { body: { from } })),
    onDone: ({ call_uuid }) => setUuid(call_uuid),
  });
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    send.mutate(String(new FormData(event.currentTarget).get("from")));
  };
  return (
    <div className="card stack narrow">
      <form className="stack" onSubmit={submit}>
        <TextInput
          name="from"
          label={t("setup.trialFrom")}
          description={t("setup.trialFromHint")}
          required
          maxLength={50}
          placeholder="+34600000001"
        />
        {send.error && <ErrorNote error={send.error} />}
        <div>
          <Button type="submit" loading={send.isPending}>
            {t("setup.trialSend")}
          </Button>
        </div>
      </form>
      {uuid && <Arrival key={uuid} uuid={uuid} />}
    </div>
  );
}

function Arrival({ uuid }: { uuid: string }) {
  const { t } = useText();
  const { data, error } = useQuery({
    queryKey: ["trial", uuid],
    queryFn: ({ signal }) => ask(api.GET("/api/v1/calls", { signal, params: { query: { call_uuid: uuid } } })),
    refetchInterval: WATCH_MS,
  });
  const [call] = data?.items ?? [];
  if (error) return <ErrorNote error={error} />;
  return (
    <div role="status" className="stack">
      <p>
        {t(call ? "setup.arrived" : "setup.underWay")}{" "}
        {call && (
          <Link to="/calls/$id" params={{ id: call.id }}>
            {t("setup.seeCall")}
          </Link>
        )}
      </p>
      {call && (
        <ul className="plain">
          {call.deliveries.length === 0 && <li className="quiet">{t("setup.noCrm")}</li>}
          {call.deliveries.map(({ id, connection, state, url, reason, reason_code, reason_values }) => (
            <li key={id}>
              <span className="row">
                <strong>{connection}</strong> <DeliveryBadge state={state} />
                {url && <OutsideLink url={url}>{t("setup.seeRecord")}</OutsideLink>}
              </span>
              {reason && (
                <div className="small break">
                  <Said text={reason} code={reason_code} values={reason_values} />
                </div>
              )}
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}
