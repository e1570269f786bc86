import { NativeSelect, TextInput } from "@mantine/core";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { api, ask } from "../../api/client.ts";
import type { paths } from "../../api/schema.gen.ts";
import { useText } from "../../locales/text.tsx";
import { useMe } from "../../ui/current-user.ts";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { ErrorNote } from "../../ui/ErrorNote.tsx";
import { toInstant } from "../../ui/instants.ts";
import { Loading } from "../../ui/Loading.tsx";
import { MoreButton } from "../../ui/MoreButton.tsx";
import { Page } from "../../ui/Page.tsx";
import { TextFilter } from "../../ui/TextFilter.tsx";
import { useLookOn } from "../../ui/use-look-on.ts";
import { BulkActions } from "./BulkActions.tsx";
import { DeliveryTable } from "./DeliveryTable.tsx";
import { type DeliverySearch, parseDeliverySearch, STATES } from "./delivery-search.ts";
import { HeldLanes } from "./HeldLanes.tsx";

type Query = NonNullable<paths["/api/v1/deliveries"]["get"]["parameters"]["query"]>;

const route = getRouteApi("/house/deliveries");
const REFRESH_MS = 10_000;

/** What goes out to CRMs; dead letters first, since they are what a person must look at. */
export function Deliveries() {
  const { t } = useText();
  const { tenant } = useMe();
  const search = route.useSearch();
  const query = toQuery(search, tenant.time_zone);
  const list = useInfiniteQuery({
    queryKey: ["deliveries", query],
    initialPageParam: "",
    queryFn: ({ pageParam, signal }) =>
      ask(
        api.GET("/api/v1/deliveries", {
          signal,
          params: { query: { ...query, ...(pageParam && { cursor: pageParam }) } },
        }),
      ),
    enabled: !search.word,
    getNextPageParam: ({ next_cursor }) => next_cursor,
    refetchInterval: ({ state }) => (state.data?.pages.length === 1 ? REFRESH_MS : false),
  });
  const deliveries = list.data?.pages.flatMap(({ items }) => items) ?? [];
  const isLooking = useLookOn(list, deliveries.length === 0);
  if (search.word) return <FoundDeliveries search={search} query={query} word={search.word} />;
  const isDead = (search.state ?? "dead") === "dead";
  return (
    <Page title={t("deliveries.title")} lead={t("deliveries.lead")}>
      <HeldLanes />
      <Filters search={search} />
      {list.error && <ErrorNote error={list.error} onRetry={() => void list.refetch()} />}
      {list.isLoading && <Loading />}
      {list.data && deliveries.length > 0 && <BulkActions query={query} />}
      {list.data && (
        <div className="card card-flush">
          {deliveries.length > 0 && <DeliveryTable deliveries={deliveries} />}
          {deliveries.length === 0 && !isLooking && (
            <EmptyState title={t(isDead ? "deliveries.noDead" : "deliveries.none")}>
              {t(isDead ? "deliveries.noDeadText" : "deliveries.noneText")}
            </EmptyState>
          )}
          {isLooking ? (
            <p className="quiet table-foot" role="status">
              {t("calls.looking")}
            </p>
          ) : (
            <MoreButton list={list} />
          )}
        </div>
      )}
    </Page>
  );
}

/** By a word, everything that has to do with it, whole; what is done to all of them is done to what is seen. */
function FoundDeliveries({ search, query, word }: { search: DeliverySearch; query: Query; word: string }) {
  const { t } = useText();
  const { data, error, refetch, isLoading } = useQuery({
    queryKey: ["deliveries", "search", query, word],
    queryFn: ({ signal }) =>
      ask(api.GET("/api/v1/deliveries/search", { signal, params: { query: { ...query, q: word } } })),
  });
  return (
    <Page title={t("deliveries.title")} lead={t("deliveries.lead")}>
      <HeldLanes />
      <Filters search={search} />
      {error && <ErrorNote error={error} onRetry={() => void refetch()} />}
      {isLoading && <Loading />}
      {data && data.items.length > 0 && (
        <>
          <p className="quiet small">{t("deliveries.found")}</p>
          <BulkActions query={query} ids={data.items.map(({ id }) => id)} />
        </>
      )}
      {data && (
        <div className="card card-flush">
          {data.items.length > 0 && <DeliveryTable deliveries={data.items} />}
          {data.items.length === 0 && <EmptyState title={t("deliveries.none")}>{t("deliveries.noneText")}</EmptyState>}
        </div>
      )}
    </Page>
  );
}

function toQuery({ state = "dead", connection, kind, from, to }: DeliverySearch, timeZone: string): Query {
  const since = from && toInstant(from, timeZone)?.toISOString();
  const until = to && toInstant(to, timeZone, 1)?.toISOString();
  return {
    ...(state !== "all" && { state }),
    ...(connection && { connection_id: connection }),
    ...(kind && { kind }),
    ...(since && { since }),
    ...(until && { until }),
  };
}

function Filters({ search }: { search: DeliverySearch }) {
  const { t } = useText();
  const navigate = useNavigate({ from: "/deliveries" });
  const connections = useQuery({
    queryKey: ["connections"],
    queryFn: ({ signal }) => ask(api.GET("/api/v1/connections", { signal })),
  });
  const change = (changed: Record<string, string>): void => {
    void navigate({ to: "/deliveries", search: (now) => parseDeliverySearch({ ...now, ...changed }), replace: true });
  };
  const any = { value: "", label: t("filter.any") };
  return (
    <search>
      <div className="filters">
        <TextFilter label={t("deliveries.search")} value={search.word} onChange={(word) => change({ word })} />
        <NativeSelect
          label={t("deliveries.state")}
          value={search.state ?? "dead"}
          onChange={(event) => change({ state: event.currentTarget.value })}
          data={[
            ...STATES.map((value) => ({ value, label: t(`delivery.${value}`) })),
            { value: "all", label: t("filter.any") },
          ]}
        />
        <NativeSelect
          label={t("filter.connection")}
          value={search.connection ?? ""}
          onChange={(event) => change({ connection: event.currentTarget.value })}
          data={[any, ...(connections.data?.items.map(({ id, name }) => ({ value: id, label: name })) ?? [])]}
        />
        <NativeSelect
          label={t("deliveries.kind")}
          value={search.kind ?? ""}
          onChange={(event) => change({ kind: event.currentTarget.value })}
          data={[any, { value: "record", label: t("kind.record") }, { value: "signal", label: t("kind.signal") }]}
        />
        <TextInput
          type="date"
          label={t("filter.from")}
          value={search.from ?? ""}
          onChange={(event) => change({ from: event.currentTarget.value })}
        />
        <TextInput
          type="date"
          label={t("filter.to")}
          value={search.to ?? ""}
          onChange={(event) => change({ to: event.currentTarget.value })}
        />
      </div>
    </search>
  );
}
