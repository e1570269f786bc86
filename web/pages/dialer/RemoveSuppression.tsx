import { Button, TextInput } from "@mantine/core";
import type { FormEvent } from "react";
import { api, ask } from "../../api/client.ts";
import type { Schemas } from "../../api/schema.gen.ts";
import { useText } from "../../locales/text.tsx";
import { DialogButton } from "../../ui/DialogButton.tsx";
import { textOf } from "../../ui/form-fields.ts";
import { useNumberText } from "../../ui/phone-numbers.ts";
import { useRemovals } from "../../ui/removals.tsx";

type Suppression = Schemas["Suppression"];

/** Somebody may be called again: why, is kept. */
export function RemoveSuppression({ suppression }: { suppression: Suppression }) {
  const { t } = useText();
  const number = useNumberText()(suppression.number);
  return (
    <DialogButton label={t("action.remove")} about={number} title={t("dialer.removeSuppressionQuestion", { number })}>
      {(close) => <Reason suppression={suppression} onDone={close} />}
    </DialogButton>
  );
}

function Reason({ suppression: { id }, onDone }: { suppression: Suppression; onDone(): void }) {
  const { t } = useText();
  const { remove } = useRemovals();
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    const params = { path: { id }, query: { reason: textOf(new FormData(event.currentTarget), "reason") } };
    onDone();
    remove({
      name: `suppression:${id}`,
      sentence: t("dialer.suppressionRemoved"),
      run: () => ask(api.DELETE("/api/v1/suppressions/{id}", { params, keepalive: true })),
    });
  };
  return (
    <form className="stack" onSubmit={submit}>
      <TextInput name="reason" label={t("dialer.reason")} required maxLength={500} data-autofocus />
      <Button type="submit" color="red">
        {t("action.remove")}
      </Button>
    </form>
  );
}
