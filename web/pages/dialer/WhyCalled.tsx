import { Button, TextInput } from "@mantine/core";
import { api, ask } from "../../api/client.ts";
import { useText } from "../../locales/text.tsx";
import { ActionForm } from "../../ui/ActionForm.tsx";
import { textOf } from "../../ui/form-fields.ts";
import { useAction } from "../../ui/use-action.ts";
import { ProjectChoice } from "./ProjectChoice.tsx";
import { WhyAnswer } from "./WhyAnswer.tsx";

/** Why a number was called, or was not: every rule with what it looked at. */
export function WhyCalled() {
  const { t } = useText();
  const look = useAction({
    run: (form: FormData) => {
      const project_id = textOf(form, "project_id");
      const query = { number: textOf(form, "number"), ...(project_id !== "" && { project_id }) };
      return ask(api.GET("/api/v1/dialer/why", { params: { query } }));
    },
  });
  return (
    <ActionForm className="card stack" action={look}>
      <h2>{t("dialer.why")}</h2>
      <div className="filters">
        <TextInput name="number" label={t("dialer.number")} required maxLength={40} autoComplete="off" />
        <ProjectChoice name="project_id" />
        <Button type="submit" variant="default" loading={look.isPending}>
          {t("dialer.askWhy")}
        </Button>
      </div>
      {look.data && <WhyAnswer why={look.data} />}
    </ActionForm>
  );
}
