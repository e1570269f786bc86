import { Button, Checkbox } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import type { FormEvent } from "react";
import { api, ask } from "../../api/client.ts";
import { useText } from "../../locales/text.tsx";
import { ErrorNote } from "../../ui/ErrorNote.tsx";
import { useAction } from "../../ui/use-action.ts";

const PEOPLE_MAX = 200;

/** Supervisors see and steer the projects they are assigned to, and no others. */
export function ProjectPeople({ projectId: id }: { projectId: string }) {
  const { t } = useText();
  const params = { path: { id } };
  const assigned = useQuery({
    queryKey: ["project-people", id],
    queryFn: ({ signal }) => ask(api.GET("/api/v1/projects/{id}/users", { signal, params })),
  });
  const users = useQuery({
    queryKey: ["user-choices"],
    queryFn: ({ signal }) => ask(api.GET("/api/v1/users", { signal, params: { query: { limit: PEOPLE_MAX } } })),
  });
  const save = useAction({
    run: (form: FormData) =>
      ask(api.PUT("/api/v1/projects/{id}/users", { params, body: { user_ids: form.getAll("user").map(String) } })),
    done: t("dialer.peopleSaved"),
  });
  const supervisors = users.data?.items.filter(({ role }) => role === "supervisor") ?? [];
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    save.mutate(new FormData(event.currentTarget));
  };
  return (
    <form className="card stack narrow" onSubmit={submit}>
      <h2>{t("dialer.people")}</h2>
      <p className="quiet small">{t("dialer.peopleHint")}</p>
      {(assigned.error ?? users.error) && <ErrorNote error={assigned.error ?? users.error} />}
      {users.data && supervisors.length === 0 && <p>{t("dialer.noSupervisors")}</p>}
      {assigned.data && supervisors.length > 0 && (
        <>
          <fieldset className="scopes">
            <legend>{t("role.supervisor")}</legend>
            {supervisors.map((user) => (
              <Checkbox
                key={user.id}
                size="xs"
                name="user"
                value={user.id}
                label={user.name || user.username}
                defaultChecked={assigned.data.user_ids.includes(user.id)}
              />
            ))}
          </fieldset>
          {save.error && <ErrorNote error={save.error} />}
          <div className="row">
            <Button type="submit" loading={save.isPending}>
              {t("dialer.savePeople")}
            </Button>
          </div>
        </>
      )}
    </form>
  );
}
