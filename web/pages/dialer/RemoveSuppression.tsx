import { Button, Modal, TextInput } from "@mantine/core";
import { type FormEvent, useState } from "react";
import { api, ask } from "../../api/client.ts";
import { useText } from "../../locales/text.tsx";
import { ErrorNote } from "../../ui/ErrorNote.tsx";
import { useAction } from "../../ui/use-action.ts";

/** Somebody may be called again: why, is kept. */
export function RemoveSuppression({ id, number }: { id: string; number: string }) {
  const { t } = useText();
  const [isOpen, setOpen] = useState(false);
  const remove = useAction({
    run: (form: FormData) =>
      ask(
        api.DELETE("/api/v1/suppressions/{id}", {
          params: { path: { id }, query: { reason: String(form.get("reason")).trim() } },
        }),
      ),
    done: t("dialer.suppressionRemoved"),
    onDone: () => setOpen(false),
  });
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    remove.mutate(new FormData(event.currentTarget));
  };
  return (
    <>
      <Button size="xs" variant="default" onClick={() => setOpen(true)}>
        {t("action.remove")}
        <span className="visually-hidden"> {number}</span>
      </Button>
      <Modal
        opened={isOpen}
        onClose={() => setOpen(false)}
        title={t("dialer.removeSuppressionQuestion", { number })}
        closeButtonProps={{ "aria-label": t("action.close") }}
      >
        <form className="stack" onSubmit={submit}>
          <TextInput name="reason" label={t("dialer.reason")} required maxLength={500} data-autofocus />
          {remove.error && <ErrorNote error={remove.error} />}
          <Button type="submit" color="red" loading={remove.isPending}>
            {t("action.remove")}
          </Button>
        </form>
      </Modal>
    </>
  );
}
