import { Button, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { api, ask } from "../../api/client.ts";
import { ApiProblem } from "../../api/problem.ts";
import { useText } from "../../locales/text.tsx";
import { ActionForm } from "../../ui/ActionForm.tsx";
import { DialogButton } from "../../ui/DialogButton.tsx";
import { textOf } from "../../ui/form-fields.ts";
import { useAction } from "../../ui/use-action.ts";

const NAMES_MAX = 20;

/** One person more, as somebody calls in or writes: a number, and what the campaign's lists say of others. */
export function AddContact({ campaignId }: { campaignId: string }) {
  const { t } = useText();
  return (
    <DialogButton label={t("dialer.addContact")} title={t("dialer.addContact")}>
      {(close) => <ContactForm id={campaignId} onDone={close} />}
    </DialogButton>
  );
}

function ContactForm({ id, onDone }: { id: string; onDone(): void }) {
  const { t } = useText();
  const params = { path: { id } };
  const imports = useQuery({
    queryKey: ["campaign-imports", id],
    queryFn: ({ signal }) => ask(api.GET("/api/v1/campaigns/{id}/imports", { signal, params })),
  });
  const names = [...new Set(imports.data?.items.flatMap(({ columns }) => columns))].slice(0, NAMES_MAX);
  const add = useAction({
    run: async (form: FormData) => {
      const given = names.map((name) => [name, textOf(form, `variable ${name}`)] as const);
      const variables = Object.fromEntries(given.filter(([, value]) => value !== ""));
      const body = { number: textOf(form, "number"), variables };
      const { inserted, duplicates, invalid_lines } = await ask(
        api.POST("/api/v1/campaigns/{id}/contacts", { params, body }),
      );
      if (inserted > 0) return;
      if (duplicates > 0) throw new ApiProblem({ code: "invalid_field", detail: t("dialer.contactThere") });
      const [line] = invalid_lines;
      const { reason: detail = "", reason_code: code, reason_values: values } = line ?? {};
      throw new ApiProblem({ code: "invalid_field", detail, ...(code && { said: { code, values: values ?? {} } }) });
    },
    done: t("dialer.contactAdded"),
    onDone,
  });
  return (
    <ActionForm action={add}>
      <TextInput name="number" label={t("dialer.number")} required maxLength={40} autoComplete="off" data-autofocus />
      {names.map((name) => (
        <TextInput key={name} name={`variable ${name}`} label={name} maxLength={500} autoComplete="off" />
      ))}
      <Button type="submit" loading={add.isPending}>
        {t("dialer.addContact")}
      </Button>
    </ActionForm>
  );
}
