import { type InfiniteData, type UseInfiniteQueryResult, useInfiniteQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { useText } from "../locales/text.tsx";
import { EmptyState } from "./EmptyState.tsx";
import { ErrorNote } from "./ErrorNote.tsx";
import { Loading } from "./Loading.tsx";
import { MoreButton } from "./MoreButton.tsx";
import { useRemovals } from "./removals.tsx";
import { type Column, Table } from "./Table.tsx";

interface ListPage<T> {
  items: T[];
  next_cursor: string | null;
}

export interface PagedList<T> {
  query: UseInfiniteQueryResult<InfiniteData<ListPage<T>>>;
  items: readonly T[];
}

interface PagedListOptions<T> {
  /** Names the list, with its filters. */
  key: readonly unknown[];
  load(page: { cursor?: string }, signal: AbortSignal): Promise<ListPage<T>>;
  /** How often it is asked for anew, as long as only its first page is shown. */
  refreshMs?: number;
}

/** A list that the server gives page by page: however long it is, only what somebody asked for is here. */
export function usePagedList<T>({ key, load, refreshMs }: PagedListOptions<T>): PagedList<T> {
  const query = useInfiniteQuery({
    queryKey: key,
    initialPageParam: "",
    queryFn: ({ pageParam, signal }) => load(pageParam === "" ? {} : { cursor: pageParam }, signal),
    getNextPageParam: ({ next_cursor }) => next_cursor,
    refetchInterval: ({ state }) => (refreshMs !== undefined && state.data?.pages.length === 1 ? refreshMs : false),
  });
  return { query, items: query.data?.pages.flatMap(({ items }) => items) ?? [] };
}

interface Asked {
  error: unknown;
  isLoading: boolean;
  data: unknown;
  refetch(): unknown;
}

interface Empty {
  title: string;
  text: string;
}

interface ListCardProps<T> {
  /** A paged list, or one that comes whole. */
  list: { query: Asked | PagedList<T>["query"]; items: readonly T[] };
  columns: readonly Column<T>[];
  /** Says what would stand here, and how it gets here. */
  empty: Empty;
  /** Whether somebody looks for something: then that there is nothing else says nothing. */
  isFiltered?: boolean;
  /** What they are, as removals name them (`user` of `user:4`): what is on its way out is left out. */
  kind?: string;
}

/** A table with what surrounds it: waiting, a refusal with another try, nothing there yet, the way to more. */
export function ListCard<T extends { id: string }>(props: ListCardProps<T>) {
  const { list, columns, empty, isFiltered = false, kind } = props;
  const { t } = useText();
  const { isRemoved } = useRemovals();
  const { query } = list;
  const noneFits = { title: t("list.noneFits"), text: t("list.noneFitsText") };
  const items = list.items.filter(({ id }) => !isRemoved(`${kind}:${id}`));
  return (
    <ListFrame query={query} isEmpty={items.length === 0} empty={isFiltered ? noneFits : empty}>
      {items.length > 0 && <Table items={items} columns={columns} keyOf={({ id }) => id} />}
      {"hasNextPage" in query && <MoreButton list={query} />}
    </ListFrame>
  );
}

interface ListFrameProps {
  query: Asked;
  isEmpty: boolean;
  empty: Empty;
  children: ReactNode;
}

function ListFrame({ query, isEmpty, empty, children }: ListFrameProps) {
  return (
    <>
      {Boolean(query.error) && <ErrorNote error={query.error} onRetry={() => void query.refetch()} />}
      {query.isLoading && <Loading />}
      {query.data !== undefined && (
        <div className="card card-flush">
          {isEmpty && <EmptyState title={empty.title}>{empty.text}</EmptyState>}
          {children}
        </div>
      )}
    </>
  );
}
