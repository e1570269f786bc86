import { Button, Checkbox, TextInput } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";
import { type FormEvent, useRef, useState } from "react";
import { api, ask } from "../../api/client.ts";
import type { paths, Schemas } from "../../api/schema.gen.ts";
import { useText } from "../../locales/text.tsx";
import { Badge } from "../../ui/Badge.tsx";
import { ConfirmButton } from "../../ui/ConfirmButton.tsx";
import { useMe } from "../../ui/current-user.ts";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { ErrorNote } from "../../ui/ErrorNote.tsx";
import { toDateText, toInstant } from "../../ui/instants.ts";
import { Loading } from "../../ui/Loading.tsx";
import { MoreButton } from "../../ui/MoreButton.tsx";
import { SecretOnce } from "../../ui/SecretOnce.tsx";
import { Time } from "../../ui/Time.tsx";
import { useAction } from "../../ui/use-action.ts";

type Scope = paths["/api/v1/api-keys"]["post"]["requestBody"]["content"]["application/json"]["scopes"][number];

/** Every scope that there is: one that is missing here does not compile. */
const SCOPES = Object.keys({
  "calls:read": true,
  "calls:write": true,
  "recordings:read": true,
  "recordings:write": true,
  "deliveries:read": true,
  "deliveries:write": true,
  "dialer:read": true,
  "dialer:write": true,
  "connections:read": true,
  "connections:write": true,
  "pbxs:read": true,
  "pbxs:write": true,
  "tenants:read": true,
  "tenants:write": true,
  "users:read": true,
  "users:write": true,
  "keys:read": true,
  "keys:write": true,
  "audit:read": true,
} satisfies Record<Scope, true>) as Scope[];

/** Keys for programs: each may only what its scopes say. */
export function ApiKeys() {
  const { t } = useText();
  const [secret, setSecret] = useState<string | null>(null);
  const list = useInfiniteQuery({
    queryKey: ["api-keys"],
    initialPageParam: "",
    queryFn: ({ pageParam, signal }) =>
      ask(api.GET("/api/v1/api-keys", { signal, params: { query: pageParam ? { cursor: pageParam } : {} } })),
    getNextPageParam: ({ next_cursor }) => next_cursor,
  });
  const keys = list.data?.pages.flatMap(({ items }) => items) ?? [];
  return (
    <div className="stack">
      <KeyForm onKey={setSecret} />
      {list.error && <ErrorNote error={list.error} onRetry={() => void list.refetch()} />}
      {list.isLoading && <Loading />}
      {list.data && (
        <div className="card card-flush">
          {keys.length === 0 ? (
            <EmptyState title={t("key.none")}>{t("key.noneText")}</EmptyState>
          ) : (
            <KeyTable keys={keys} />
          )}
          <MoreButton list={list} />
        </div>
      )}
      <SecretOnce title={t("key.secret")} secret={secret} onClose={() => setSecret(null)} />
    </div>
  );
}

function KeyTable({ keys }: { keys: readonly Schemas["ApiKey"][] }) {
  const { t } = useText();
  return (
    <table className="grid-table folds">
      <thead>
        <tr>
          <th scope="col">{t("key.name")}</th>
          <th scope="col">{t("key.scopes")}</th>
          <th scope="col">{t("key.lastUsed")}</th>
          <th scope="col">{t("key.expires")}</th>
          <th scope="col">{t("deliveries.actions")}</th>
        </tr>
      </thead>
      <tbody>
        {keys.map(({ id, name, prefix, scopes, last_used_at, expires_at, revoked_at }) => (
          <tr key={id}>
            <td data-label={t("key.name")}>
              {name} <span className="mono quiet">{prefix}…</span>
            </td>
            <td data-label={t("key.scopes")} className="mono break">
              {scopes.join(" ")}
            </td>
            <td data-label={t("key.lastUsed")}>
              <Time at={last_used_at} />
            </td>
            <td data-label={t("key.expires")}>
              <Time at={expires_at} />
            </td>
            <td data-label={t("deliveries.actions")}>
              {revoked_at ? (
                <Badge tone="still">{t("key.revoked")}</Badge>
              ) : (
                <ConfirmButton
                  label={t("key.revoke")}
                  about={name}
                  question={t("key.revokeQuestion", { name })}
                  done={t("key.wasRevoked")}
                  run={() => ask(api.DELETE("/api/v1/api-keys/{id}", { params: { path: { id } } }))}
                />
              )}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function KeyForm({ onKey }: { onKey(key: string): void }) {
  const { t } = useText();
  const { tenant } = useMe();
  const form = useRef<HTMLFormElement>(null);
  const create = useAction({
    run: (data: FormData) => {
      const chosen = data.getAll("scope");
      const scopes = SCOPES.filter((scope) => chosen.includes(scope));
      const lastDay = String(data.get("last_day") ?? "");
      const expires_at = toInstant(lastDay, tenant.time_zone, 1)?.toISOString() ?? null; // it is good that whole day
      return ask(api.POST("/api/v1/api-keys", { body: { name: String(data.get("name")), scopes, expires_at } }));
    },
    onDone: ({ key }) => {
      form.current?.reset();
      onKey(key);
    },
  });
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    create.mutate(new FormData(event.currentTarget));
  };
  return (
    <form ref={form} className="card stack" onSubmit={submit}>
      <h2>{t("key.add")}</h2>
      <TextInput
        name="name"
        label={t("key.name")}
        description={t("key.nameHint")}
        required
        maxLength={100}
        className="narrow"
      />
      <TextInput
        name="last_day"
        type="date"
        label={t("key.lastDay")}
        description={t("key.lastDayHint")}
        min={toDateText(tenant.time_zone)}
        className="narrow"
      />
      <fieldset className="scopes">
        <legend>{t("key.scopes")}</legend>
        {SCOPES.map((scope) => (
          <Checkbox key={scope} name="scope" value={scope} label={scope} size="xs" />
        ))}
      </fieldset>
      {create.error && <ErrorNote error={create.error} />}
      <div>
        <Button type="submit" loading={create.isPending}>
          {t("key.addNow")}
        </Button>
      </div>
    </form>
  );
}
