import { Button, NativeSelect, TextInput } from "@mantine/core";
import { useNavigate } from "@tanstack/react-router";
import type { FormEvent } from "react";
import { api, ask } from "../../api/client.ts";
import { PROJECT_LANGUAGE } from "../../api/schema.gen.ts";
import { useText } from "../../locales/text.tsx";
import { useMe } from "../../ui/current-user.ts";
import { ErrorNote } from "../../ui/ErrorNote.tsx";
import { useAction } from "../../ui/use-action.ts";

/** The little that a project cannot begin without; everything else begins as the server proposes it. */
export function NewProject() {
  const { t, language } = useText();
  const { tenant } = useMe();
  const navigate = useNavigate();
  const create = useAction({
    run: (form: FormData) => {
      const text = (name: string): string => String(form.get(name) ?? "").trim();
      const spoken = PROJECT_LANGUAGE.find((one) => one === text("language")) ?? "es";
      return ask(
        api.POST("/api/v1/projects", {
          body: { name: text("name"), time_zone: text("time_zone"), language: spoken },
        }),
      );
    },
    done: t("dialer.projectAdded"),
    onDone: ({ id }) => void navigate({ to: "/dialer/projects/$id", params: { id } }),
  });
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    create.mutate(new FormData(event.currentTarget));
  };
  return (
    <form className="card stack narrow" onSubmit={submit}>
      <p className="quiet small">{t("dialer.newProjectHint")}</p>
      <div className="form-grid">
        <TextInput name="name" label={t("dialer.name")} required maxLength={100} autoComplete="off" />
        <TextInput name="time_zone" label={t("tenant.zone")} required defaultValue={tenant.time_zone} />
        <NativeSelect
          name="language"
          label={t("dialer.language")}
          defaultValue={language}
          data={PROJECT_LANGUAGE.map((value) => ({ value, label: t(`dialer.in.${value}`) }))}
        />
      </div>
      {create.error && <ErrorNote error={create.error} />}
      <div className="row">
        <Button type="submit" loading={create.isPending}>
          {t("dialer.addProject")}
        </Button>
      </div>
    </form>
  );
}
