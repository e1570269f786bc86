import { Button, NativeSelect, TextInput } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";
import { type FormEvent, useRef, useState } from "react";
import { api, ask } from "../../api/client.ts";
import type { Schemas } from "../../api/schema.gen.ts";
import { useText } from "../../locales/text.tsx";
import { useMay } from "../../ui/current-user.ts";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { ErrorNote } from "../../ui/ErrorNote.tsx";
import { Loading } from "../../ui/Loading.tsx";
import { MoreButton } from "../../ui/MoreButton.tsx";
import { TextFilter } from "../../ui/TextFilter.tsx";
import { Time } from "../../ui/Time.tsx";
import { useAction } from "../../ui/use-action.ts";
import { toNames, useProjects } from "./lists.ts";
import { RemoveSuppression } from "./RemoveSuppression.tsx";
import { SuppressionImport } from "./SuppressionImport.tsx";

type Suppression = Schemas["Suppression"];

/** Who is not to be called, by whom it was said, and how widely it holds. */
export function Suppressions() {
  const { t } = useText();
  const may = useMay();
  const [number, setNumber] = useState("");
  const query = number === "" ? {} : { number };
  const list = useInfiniteQuery({
    queryKey: ["suppressions", query],
    initialPageParam: "",
    queryFn: ({ pageParam, signal }) =>
      ask(
        api.GET("/api/v1/suppressions", {
          signal,
          params: { query: { ...query, ...(pageParam && { cursor: pageParam }) } },
        }),
      ),
    getNextPageParam: ({ next_cursor }) => next_cursor,
  });
  const items = list.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <div className="stack">
      {may("POST /api/v1/suppressions") && <AddSuppression />}
      {may("POST /api/v1/suppressions/import") && <SuppressionImport />}
      <div className="filters">
        <TextFilter label={t("dialer.findNumber")} value={number} onChange={setNumber} />
      </div>
      {list.error && <ErrorNote error={list.error} onRetry={() => void list.refetch()} />}
      {list.isLoading && <Loading />}
      {list.data && (
        <div className="card card-flush">
          {items.length === 0 && <EmptyState title={t("dialer.noSuppressions")} />}
          {items.length > 0 && <SuppressionTable items={items} />}
          <MoreButton list={list} />
        </div>
      )}
    </div>
  );
}

function SuppressionTable({ items }: { items: readonly Suppression[] }) {
  const { t } = useText();
  const may = useMay();
  const projectOf = toNames(useProjects().data?.items);
  return (
    <table className="grid-table folds">
      <thead>
        <tr>
          <th scope="col">{t("dialer.number")}</th>
          <th scope="col">{t("dialer.scope")}</th>
          <th scope="col">{t("dialer.reason")}</th>
          <th scope="col">{t("dialer.source")}</th>
          <th scope="col">{t("dialer.when")}</th>
          <th scope="col">{t("deliveries.actions")}</th>
        </tr>
      </thead>
      <tbody>
        {items.map(({ id, number, scope, project_id, reason, source, created_at }) => (
          <tr key={id}>
            <td data-label={t("dialer.number")} className="number nowrap">
              {number}
            </td>
            <td data-label={t("dialer.scope")}>
              {t(`dialer.scopeIs.${scope}`)}
              {project_id !== null && ` · ${projectOf(project_id)}`}
            </td>
            <td data-label={t("dialer.reason")} className="break">
              {reason || "–"}
            </td>
            <td data-label={t("dialer.source")}>{t(`dialer.sourceIs.${source}`)}</td>
            <td data-label={t("dialer.when")}>
              <Time at={created_at} />
            </td>
            <td data-label={t("deliveries.actions")}>
              {may("DELETE /api/v1/suppressions/{id}") && <RemoveSuppression id={id} number={number} />}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function AddSuppression() {
  const { t } = useText();
  const projects = useProjects();
  const form = useRef<HTMLFormElement>(null);
  const add = useAction({
    run: (data: FormData) => {
      const text = (name: string): string => String(data.get(name) ?? "").trim();
      const projectId = text("project_id");
      const scope = projectId === "" ? ({ scope: "global" } as const) : toProjectScope(projectId);
      return ask(
        api.POST("/api/v1/suppressions", { body: { number: text("number"), reason: text("reason"), ...scope } }),
      );
    },
    done: t("dialer.suppressionAdded"),
    onDone: () => form.current?.reset(),
  });
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    add.mutate(new FormData(event.currentTarget));
  };
  return (
    <form ref={form} className="card" onSubmit={submit}>
      <h2>{t("dialer.addSuppression")}</h2>
      <div className="filters">
        <TextInput name="number" label={t("dialer.number")} required maxLength={40} autoComplete="off" />
        <NativeSelect
          name="project_id"
          label={t("dialer.scope")}
          data={[
            { value: "", label: t("dialer.scopeIs.global") },
            ...(projects.data?.items ?? []).map(({ id, name }) => ({ value: id, label: name })),
          ]}
        />
        <TextInput name="reason" label={t("dialer.reason")} maxLength={500} autoComplete="off" />
        <Button type="submit" loading={add.isPending}>
          {t("dialer.doNotCall")}
        </Button>
      </div>
      {add.error && <ErrorNote error={add.error} />}
    </form>
  );
}

const toProjectScope = (project_id: string) => ({ scope: "project", project_id }) as const;
