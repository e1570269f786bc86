import { Button, NativeSelect, TextInput } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";
import { type FormEvent, useRef, useState } from "react";
import { api, ask } from "../../api/client.ts";
import type { Schemas } from "../../api/schema.gen.ts";
import { useText } from "../../locales/text.tsx";
import { Badge } from "../../ui/Badge.tsx";
import { useMe } from "../../ui/current-user.ts";
import { ErrorNote } from "../../ui/ErrorNote.tsx";
import { Loading } from "../../ui/Loading.tsx";
import { MoreButton } from "../../ui/MoreButton.tsx";
import { useRemovals } from "../../ui/removals.tsx";
import { SecretOnce } from "../../ui/SecretOnce.tsx";
import { Time } from "../../ui/Time.tsx";
import { useAction } from "../../ui/use-action.ts";
import { UserActions } from "./UserActions.tsx";

type User = Schemas["UserItem"];
export const ROLES = ["admin", "supervisor", "agent", "viewer"] as const satisfies readonly User["role"][];

/** The people of the tenant and what each may do. */
export function Users() {
  const { t } = useText();
  const { isRemoved } = useRemovals();
  const [password, setPassword] = useState<string | null>(null);
  const list = useInfiniteQuery({
    queryKey: ["users"],
    initialPageParam: "",
    queryFn: ({ pageParam, signal }) =>
      ask(api.GET("/api/v1/users", { signal, params: { query: pageParam ? { cursor: pageParam } : {} } })),
    getNextPageParam: ({ next_cursor }) => next_cursor,
  });
  const everybody = list.data?.pages.flatMap(({ items }) => items) ?? [];
  const users = everybody.filter(({ id }) => !isRemoved(`user:${id}`));
  return (
    <div className="stack">
      <UserForm onPassword={setPassword} />
      {list.error && <ErrorNote error={list.error} onRetry={() => void list.refetch()} />}
      {list.isLoading && <Loading />}
      {users.length > 0 && (
        <div className="card card-flush">
          <table className="grid-table folds">
            <thead>
              <tr>
                <th scope="col">{t("user.username")}</th>
                <th scope="col">{t("user.name")}</th>
                <th scope="col">{t("user.role")}</th>
                <th scope="col">{t("call.extension")}</th>
                <th scope="col">{t("user.lastLogin")}</th>
                <th scope="col">{t("deliveries.actions")}</th>
              </tr>
            </thead>
            <tbody>
              {users.map((user) => (
                <UserRow key={user.id} user={user} onPassword={setPassword} />
              ))}
            </tbody>
          </table>
          <MoreButton list={list} />
        </div>
      )}
      <SecretOnce title={t("user.oneTime")} secret={password} onClose={() => setPassword(null)} />
    </div>
  );
}

function UserRow({ user, onPassword }: { user: User; onPassword(password: string | null): void }) {
  const { t } = useText();
  const me = useMe();
  const { id, username, name, role, extensions, disabled_at, must_change_password, last_login_at } = user;
  const change = useAction({
    run: (next: User["role"]) =>
      ask(api.PATCH("/api/v1/users/{id}", { params: { path: { id } }, body: { role: next } })),
    done: t("user.changed"),
  });
  return (
    <tr>
      <td data-label={t("user.username")}>
        <span className="row">
          {username}
          {disabled_at && <Badge tone="still">{t("user.disabled")}</Badge>}
          {must_change_password && <Badge tone="warn">{t("user.mustChange")}</Badge>}
        </span>
      </td>
      <td data-label={t("user.name")}>{name || "–"}</td>
      <td data-label={t("user.role")}>
        <NativeSelect
          size="xs"
          aria-label={t("user.roleOf", { name: username })}
          value={role}
          disabled={me.user?.id === id || change.isPending}
          onChange={(event) => {
            const next = ROLES.find((one) => one === event.currentTarget.value);
            if (next) change.mutate(next);
          }}
          data={ROLES.map((value) => ({ value, label: t(`role.${value}`) }))}
        />
        {change.error && <ErrorNote error={change.error} />}
      </td>
      <td data-label={t("call.extension")}>{extensions.join(", ") || "–"}</td>
      <td data-label={t("user.lastLogin")}>
        <Time at={last_login_at} />
      </td>
      <td data-label={t("deliveries.actions")}>
        {me.user?.id !== id && <UserActions user={user} onPassword={onPassword} />}
      </td>
    </tr>
  );
}

function UserForm({ onPassword }: { onPassword(password: string | null): void }) {
  const { t } = useText();
  const form = useRef<HTMLFormElement>(null);
  const create = useAction({
    run: (data: FormData) => {
      const role = ROLES.find((one) => one === data.get("role")) ?? "viewer";
      const [username, name] = [String(data.get("username")), String(data.get("name"))];
      return ask(api.POST("/api/v1/users", { body: { username, name, role } }));
    },
    done: t("user.added"),
    onDone: ({ one_time_password }) => {
      form.current?.reset();
      onPassword(one_time_password);
    },
  });
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    create.mutate(new FormData(event.currentTarget));
  };
  return (
    <form ref={form} className="card" onSubmit={submit}>
      <h2>{t("user.add")}</h2>
      <div className="filters">
        <TextInput name="username" label={t("user.username")} required autoComplete="off" />
        <TextInput name="name" label={t("user.name")} autoComplete="off" />
        <NativeSelect
          name="role"
          label={t("user.role")}
          defaultValue="agent"
          data={ROLES.map((value) => ({ value, label: t(`role.${value}`) }))}
        />
        <Button type="submit" loading={create.isPending}>
          {t("user.addNow")}
        </Button>
      </div>
      <p className="quiet small">{t("user.addHint")}</p>
      {create.error && <ErrorNote error={create.error} />}
    </form>
  );
}
