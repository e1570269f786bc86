import { Button, TextInput } from "@mantine/core";
import { api, ask } from "../../api/client.ts";
import type { Schemas } from "../../api/schema.gen.ts";
import { useText } from "../../locales/text.tsx";
import { ActionForm, textOf } from "../../ui/ActionForm.tsx";
import { DialogButton } from "../../ui/DialogButton.tsx";
import { useAction } from "../../ui/use-action.ts";

type Suppression = Schemas["Suppression"];

/** Somebody may be called again: why, is kept. */
export function RemoveSuppression({ suppression }: { suppression: Suppression }) {
  const { t } = useText();
  const { number } = suppression;
  return (
    <DialogButton label={t("action.remove")} about={number} title={t("dialer.removeSuppressionQuestion", { number })}>
      {(close) => <Reason suppression={suppression} onDone={close} />}
    </DialogButton>
  );
}

function Reason({ suppression: { id }, onDone }: { suppression: Suppression; onDone(): void }) {
  const { t } = useText();
  const remove = useAction({
    run: (form: FormData) =>
      ask(
        api.DELETE("/api/v1/suppressions/{id}", {
          params: { path: { id }, query: { reason: textOf(form, "reason") } },
        }),
      ),
    done: t("dialer.suppressionRemoved"),
    onDone,
  });
  return (
    <ActionForm action={remove}>
      <TextInput name="reason" label={t("dialer.reason")} required maxLength={500} data-autofocus />
      <Button type="submit" color="red" loading={remove.isPending}>
        {t("action.remove")}
      </Button>
    </ActionForm>
  );
}
