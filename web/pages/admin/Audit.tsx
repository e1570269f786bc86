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

/** Who changed what, newest first. */
export function Audit() {
  const { t } = useText();
  const [filter, setFilter] = useState({ actor: "", action: "", target: "" });
  const given = Object.fromEntries(Object.entries(filter).filter(([, value]) => value !== ""));
  const list = useInfiniteQuery({
    queryKey: ["audit", given],
    initialPageParam: "",
    queryFn: ({ pageParam, signal }) =>
      ask(
        api.GET("/api/v1/audit", { signal, params: { query: { ...given, ...(pageParam && { cursor: pageParam }) } } }),
      ),
    getNextPageParam: ({ next_cursor }) => next_cursor,
  });
  const entries = list.data?.pages.flatMap(({ items }) => items) ?? [];
  return (
    <div className="stack">
      <search className="filters">
        <TextFilter
          label={t("audit.actor")}
          value={filter.actor}
          onChange={(actor) => setFilter({ ...filter, actor })}
        />
        <TextFilter
          label={t("audit.action")}
          value={filter.action}
          onChange={(action) => setFilter({ ...filter, action })}
        />
        <TextFilter
          label={t("audit.target")}
          value={filter.target}
          onChange={(target) => setFilter({ ...filter, target })}
        />
      </search>
      {list.error && <ErrorNote error={list.error} onRetry={() => void list.refetch()} />}
      {list.isLoading && <Loading />}
      {list.data && (
        <div className="card card-flush">
          {entries.length === 0 && <EmptyState title={t("audit.none")}>{t("audit.noneText")}</EmptyState>}
          {entries.length > 0 && (
            <table className="grid-table folds">
              <thead>
                <tr>
                  <th scope="col">{t("audit.at")}</th>
                  <th scope="col">{t("audit.actor")}</th>
                  <th scope="col">{t("audit.action")}</th>
                  <th scope="col">{t("audit.target")}</th>
                  <th scope="col">{t("audit.detail")}</th>
                  <th scope="col">{t("audit.address")}</th>
                </tr>
              </thead>
              <tbody>
                {entries.map(({ id, at, actor, actor_name, action, target, detail, address }) => (
                  <tr key={id}>
                    <td data-label={t("audit.at")}>
                      <Time at={at} seconds />
                    </td>
                    <td data-label={t("audit.actor")}>
                      {actor_name ?? actor} {actor_name && <span className="mono quiet small">{actor}</span>}
                    </td>
                    <td data-label={t("audit.action")} className="mono">
                      {action}
                    </td>
                    <td data-label={t("audit.target")} className="mono">
                      {target}
                    </td>
                    <td data-label={t("audit.detail")} className="mono break">
                      {Object.keys(detail).length === 0 ? "–" : JSON.stringify(detail)}
                    </td>
                    <td data-label={t("audit.address")} className="mono">
                      {address}
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          )}
          <MoreButton list={list} />
        </div>
      )}
    </div>
  );
}
