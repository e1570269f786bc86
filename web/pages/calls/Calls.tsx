import { Button } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { api, ask } from "../../api/client.ts";
import { useText } from "../../locales/text.tsx";
import { useMay, useMe } from "../../ui/current-user.ts";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { ErrorNote } from "../../ui/ErrorNote.tsx";
import { Loading } from "../../ui/Loading.tsx";
import { MoreButton } from "../../ui/MoreButton.tsx";
import { Page } from "../../ui/Page.tsx";
import { useLookOn } from "../../ui/use-look-on.ts";
import { CallFilters } from "./CallFilters.tsx";
import { CallTable } from "./CallTable.tsx";
import { toCallQuery } from "./call-search.ts";
import { ExportCalls } from "./ExportCalls.tsx";

const route = getRouteApi("/house/calls");
const REFRESH_MS = 10_000;

/** The call log: newest first, filtered by the address. */
export function Calls() {
  const { t } = useText();
  const { tenant } = useMe();
  const search = route.useSearch();
  const query = toCallQuery(search, tenant.time_zone);
  const list = useInfiniteQuery({
    queryKey: ["calls", query],
    initialPageParam: "",
    queryFn: ({ pageParam, signal }) =>
      ask(
        api.GET("/api/v1/calls", { signal, params: { query: { ...query, ...(pageParam && { cursor: pageParam }) } } }),
      ),
    getNextPageParam: ({ next_cursor }) => next_cursor,
    // Only the first page refreshes by itself: more of them would be asked for all over again.
    refetchInterval: ({ state }) => (state.data?.pages.length === 1 ? REFRESH_MS : false),
  });
  const calls = list.data?.pages.flatMap(({ items }) => items) ?? [];
  const isLooking = useLookOn(list, calls.length === 0);
  return (
    <Page
      title={t("calls.title")}
      lead={t("calls.lead", { zone: tenant.time_zone })}
      actions={
        <>
          <ExportCalls search={search} />
          <Button variant="default" onClick={() => void list.refetch()} loading={list.isFetching && !list.isLoading}>
            {t("action.refresh")}
          </Button>
        </>
      }
    >
      <CallFilters search={search} />
      {list.error && <ErrorNote error={list.error} onRetry={() => void list.refetch()} />}
      {list.isLoading && <Loading />}
      {list.data && (
        <div className="card card-flush">
          {calls.length > 0 && <CallTable calls={calls} />}
          {calls.length === 0 && !isLooking && <NoCalls isFiltered={Object.keys(search).length > 0} />}
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

function NoCalls({ isFiltered }: { isFiltered: boolean }) {
  const { t } = useText();
  const may = useMay();
  if (isFiltered)
    return (
      <EmptyState title={t("calls.noneFiltered")} action={<Link to="/calls">{t("calls.clear")}</Link>}>
        {t("calls.noneFilteredText")}
      </EmptyState>
    );
  return (
    <EmptyState
      title={t("calls.none")}
      action={
        may("POST /api/v1/pbxs") && (
          <Link to="/admin/$part" params={{ part: "pbxs" }}>
            {t("calls.connectPbx")}
          </Link>
        )
      }
    >
      {t("calls.noneText")}
    </EmptyState>
  );
}
