import { Button, NativeSelect, TextInput } from "@mantine/core";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { type FormEvent, useRef } from "react";
import { api, ask } from "../../api/client.ts";
import { useText } from "../../locales/text.tsx";
import { useMay } from "../../ui/current-user.ts";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { ErrorNote } from "../../ui/ErrorNote.tsx";
import { Loading } from "../../ui/Loading.tsx";
import { MoreButton } from "../../ui/MoreButton.tsx";
import { RemoveButton, useRemovals } from "../../ui/removals.tsx";
import { useAction } from "../../ui/use-action.ts";

/** The desks: which number is whose, and how their phones are called in Asterisk. */
export function Extensions() {
  const { t } = useText();
  const may = useMay();
  const { isRemoved } = useRemovals();
  const list = useInfiniteQuery({
    queryKey: ["extensions"],
    initialPageParam: "",
    queryFn: ({ pageParam, signal }) =>
      ask(api.GET("/api/v1/extensions", { signal, params: { query: pageParam ? { cursor: pageParam } : {} } })),
    getNextPageParam: ({ next_cursor }) => next_cursor,
  });
  const users = useUserNames();
  const all = list.data?.pages.flatMap(({ items }) => items) ?? [];
  const extensions = all.filter(({ number }) => !isRemoved(`extension:${number}`));
  return (
    <div className="stack">
      {may("PUT /api/v1/extensions/{number}") && <ExtensionForm />}
      {list.error && <ErrorNote error={list.error} onRetry={() => void list.refetch()} />}
      {list.isLoading && <Loading />}
      {list.data && (
        <div className="card card-flush">
          {extensions.length === 0 && <EmptyState title={t("extension.none")}>{t("extension.noneText")}</EmptyState>}
          {extensions.length > 0 && (
            <table className="grid-table folds">
              <thead>
                <tr>
                  <th scope="col">{t("extension.number")}</th>
                  <th scope="col">{t("extension.name")}</th>
                  <th scope="col">{t("extension.peers")}</th>
                  <th scope="col">{t("extension.user")}</th>
                  <th scope="col">{t("deliveries.actions")}</th>
                </tr>
              </thead>
              <tbody>
                {extensions.map(({ number, name, peers, user_id }) => (
                  <tr key={number}>
                    <td data-label={t("extension.number")}>{number}</td>
                    <td data-label={t("extension.name")}>{name || "–"}</td>
                    <td data-label={t("extension.peers")} className="mono">
                      {peers.join(" ")}
                    </td>
                    <td data-label={t("extension.user")}>{user_id === null ? "–" : (users.get(user_id) ?? user_id)}</td>
                    <td data-label={t("deliveries.actions")}>
                      <RemoveExtension number={number} />
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

function ExtensionForm() {
  const { t } = useText();
  const form = useRef<HTMLFormElement>(null);
  const users = useUserNames();
  const save = useAction({
    run: (data: FormData) => {
      const text = (name: string): string => String(data.get(name) ?? "").trim();
      const peers = text("peers")
        .split(/[\s,]+/)
        .filter(Boolean);
      return ask(
        api.PUT("/api/v1/extensions/{number}", {
          params: { path: { number: text("number") } },
          body: { name: text("name"), user_id: text("user_id") || null, ...(peers.length > 0 && { peers }) },
        }),
      );
    },
    done: t("extension.saved"),
    onDone: () => form.current?.reset(),
  });
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    save.mutate(new FormData(event.currentTarget));
  };
  return (
    <form ref={form} className="card" onSubmit={submit}>
      <h2>{t("extension.add")}</h2>
      <div className="filters">
        <TextInput name="number" label={t("extension.number")} required inputMode="numeric" pattern="\d{2,10}" />
        <TextInput name="name" label={t("extension.name")} maxLength={200} />
        <TextInput name="peers" label={t("extension.peers")} placeholder="101 101-softphone" />
        {users.size > 0 && (
          <NativeSelect
            name="user_id"
            label={t("extension.user")}
            data={[{ value: "", label: "–" }, ...[...users].map(([value, label]) => ({ value, label }))]}
          />
        )}
        <Button type="submit" loading={save.isPending}>
          {t("action.save")}
        </Button>
      </div>
      {save.error && <ErrorNote error={save.error} />}
    </form>
  );
}

function RemoveExtension({ number }: { number: string }) {
  const { t } = useText();
  const may = useMay();
  if (!may("DELETE /api/v1/extensions/{number}")) return null;
  const params = { params: { path: { number } } };
  return (
    <RemoveButton
      label={t("action.remove")}
      about={number}
      removal={{
        name: `extension:${number}`,
        sentence: t("extension.removed", { name: number }),
        run: () => ask(api.DELETE("/api/v1/extensions/{number}", { ...params, keepalive: true })),
      }}
    />
  );
}

/** Names of the people by id; empty for those who may not see them. The first 200 are enough to choose from. */
function useUserNames(): ReadonlyMap<string, string> {
  const may = useMay();
  const { data } = useQuery({
    queryKey: ["users", "names"],
    queryFn: ({ signal }) => ask(api.GET("/api/v1/users", { signal, params: { query: { limit: 200 } } })),
    enabled: may("GET /api/v1/users"),
  });
  return new Map(data?.items.map(({ id, username, name }) => [id, name || username]));
}
