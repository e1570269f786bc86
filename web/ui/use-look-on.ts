import { useEffect } from "react";

interface SearchedList {
  data: unknown;
  hasNextPage: boolean;
  isFetching: boolean;
  isFetchNextPageError: boolean;
  fetchNextPage(): unknown;
}

/** A page may find nothing in its share of the rows and still say where to go on: then the next is asked for. `true` meanwhile. */
export function useLookOn(list: SearchedList, isEmpty: boolean): boolean {
  const isLooking = list.data !== undefined && isEmpty && list.hasNextPage && !list.isFetchNextPageError;
  const { fetchNextPage, isFetching } = list;
  useEffect(() => {
    if (isLooking && !isFetching) void fetchNextPage();
  }, [isLooking, isFetching, fetchNextPage]);
  return isLooking;
}
