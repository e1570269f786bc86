import { NativeSelect } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api, ask } from "../../api/client.ts";
import type { Schemas } from "../../api/schema.gen.ts";
import { useText } from "../../locales/text.tsx";
import { Badge, type Tone } from "../../ui/Badge.tsx";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { ErrorNote } from "../../ui/ErrorNote.tsx";
import { Loading } from "../../ui/Loading.tsx";
import { MoreButton } from "../../ui/MoreButton.tsx";
import { TextFilter } from "../../ui/TextFilter.tsx";
import { Time } from "../../ui/Time.tsx";

type Contact = Schemas["CampaignContact"];
const STATES = ["pending", "dialing", "completed", "failed", "skipped"] as const satisfies readonly Contact["state"][];
const TONES: Record<Contact["state"], Tone> = {
  ...{ pending: "still", dialing: "busy", completed: "good", failed: "bad", skipped: "warn" },
};

/** Whom the campaign calls, and what came of each. */
export function Contacts({ campaignId: id }: { campaignId: string }) {
  const { t } = useText();
  const [state, setState] = useState<Contact["state"]>();
  const [number, setNumber] = useState("");
  const query = { ...(state && { state }), ...(number && { number }) };
  const list = useInfiniteQuery({
    queryKey: ["campaign-contacts", id, query],
    initialPageParam: "",
    queryFn: ({ pageParam, signal }) =>
      ask(
        api.GET("/api/v1/campaigns/{id}/contacts", {
          signal,
          params: { path: { id }, query: { ...query, ...(pageParam && { cursor: pageParam }) } },
        }),
      ),
    getNextPageParam: ({ next_cursor }) => next_cursor,
  });
  const contacts = list.data?.pages.flatMap(({ items }) => items) ?? [];
  return (
    <section aria-label={t("dialer.contacts")}>
      <h2 className="section-title">{t("dialer.contacts")}</h2>
      <div className="filters">
        <NativeSelect
          label={t("dialer.stateLabel")}
          value={state ?? ""}
          onChange={(event) => setState(STATES.find((one) => one === event.currentTarget.value))}
          data={[
            { value: "", label: t("dialer.everyState") },
            ...STATES.map((value) => ({ value, label: t(`dialer.contact.${value}`) })),
          ]}
        />
        <TextFilter label={t("dialer.number")} value={number} onChange={setNumber} />
      </div>
      {list.error && <ErrorNote error={list.error} onRetry={() => void list.refetch()} />}
      {list.isLoading && <Loading />}
      {list.data && (
        <div className="card card-flush">
          {contacts.length === 0 ? <EmptyState title={t("dialer.noContacts")} /> : <ContactTable contacts={contacts} />}
          <MoreButton list={list} />
        </div>
      )}
    </section>
  );
}

function ContactTable({ contacts }: { contacts: readonly Contact[] }) {
  const { t } = useText();
  return (
    <table className="grid-table folds">
      <thead>
        <tr>
          <th scope="col">{t("dialer.number")}</th>
          <th scope="col">{t("dialer.stateLabel")}</th>
          <th scope="col">{t("dialer.outcome")}</th>
          <th scope="col">{t("dialer.attempts")}</th>
          <th scope="col">{t("dialer.nextAt")}</th>
          <th scope="col">{t("dialer.variables")}</th>
        </tr>
      </thead>
      <tbody>
        {contacts.map(({ id, number, state, disposition, attempts, next_at, variables }) => (
          <tr key={id}>
            <td data-label={t("dialer.number")} className="number nowrap">
              {number}
            </td>
            <td data-label={t("dialer.stateLabel")}>
              <Badge tone={TONES[state]}>{t(`dialer.contact.${state}`)}</Badge>
            </td>
            <td data-label={t("dialer.outcome")}>{disposition ? t(`dialer.disposition.${disposition}`) : "–"}</td>
            <td data-label={t("dialer.attempts")} className="number">
              {attempts}
            </td>
            <td data-label={t("dialer.nextAt")}>
              <Time at={next_at} />
            </td>
            <td data-label={t("dialer.variables")} className="break small">
              {Object.entries(variables)
                .map(([name, value]) => `${name}: ${value}`)
                .join(" · ") || "–"}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
