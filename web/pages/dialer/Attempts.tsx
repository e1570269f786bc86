import { useInfiniteQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api, ask } from "../../api/client.ts";
import { useText } from "../../locales/text.tsx";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { ErrorNote } from "../../ui/ErrorNote.tsx";
import { Loading } from "../../ui/Loading.tsx";
import { MoreButton } from "../../ui/MoreButton.tsx";
import { TextFilter } from "../../ui/TextFilter.tsx";
import { Time } from "../../ui/Time.tsx";
import { toNames, useProjects } from "./lists.ts";

/** Every try at a number, newest first. */
export function Attempts() {
  const { t } = useText();
  const [number, setNumber] = useState("");
  const projectOf = toNames(useProjects().data?.items);
  const query = number === "" ? {} : { number };
  const list = useInfiniteQuery({
    queryKey: ["attempts", query],
    initialPageParam: "",
    queryFn: ({ pageParam, signal }) =>
      ask(
        api.GET("/api/v1/attempts", {
          signal,
          params: { query: { ...query, ...(pageParam && { cursor: pageParam }) } },
        }),
      ),
    getNextPageParam: ({ next_cursor }) => next_cursor,
  });
  const attempts = list.data?.pages.flatMap(({ items }) => items) ?? [];
  return (
    <section aria-label={t("dialer.attempts")}>
      <h2 className="section-title">{t("dialer.attempts")}</h2>
      <div className="filters">
        <TextFilter label={t("dialer.findNumber")} value={number} onChange={setNumber} />
      </div>
      {list.error && <ErrorNote error={list.error} onRetry={() => void list.refetch()} />}
      {list.isLoading && <Loading />}
      {list.data && (
        <div className="card card-flush">
          {attempts.length === 0 && <EmptyState title={t("dialer.noAttempts")} />}
          {attempts.length > 0 && (
            <table className="grid-table folds">
              <thead>
                <tr>
                  <th scope="col">{t("dialer.when")}</th>
                  <th scope="col">{t("dialer.number")}</th>
                  <th scope="col">{t("dialer.project")}</th>
                  <th scope="col">{t("dialer.stateLabel")}</th>
                  <th scope="col">{t("dialer.outcome")}</th>
                  <th scope="col">{t("dialer.key")}</th>
                </tr>
              </thead>
              <tbody>
                {attempts.map((one) => (
                  <tr key={one.id}>
                    <td data-label={t("dialer.when")}>
                      <Time at={one.dialed_at ?? one.queued_at} seconds />
                    </td>
                    <td data-label={t("dialer.number")} className="number nowrap">
                      {one.number}
                    </td>
                    <td data-label={t("dialer.project")}>{projectOf(one.project_id)}</td>
                    <td data-label={t("dialer.stateLabel")}>{t(`dialer.attempt.${one.state}`)}</td>
                    <td data-label={t("dialer.outcome")}>
                      {one.disposition ? t(`dialer.disposition.${one.disposition}`) : "–"}
                    </td>
                    <td data-label={t("dialer.key")}>{one.digit ?? "–"}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          )}
          <MoreButton list={list} />
        </div>
      )}
    </section>
  );
}
