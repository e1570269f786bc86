import { Button } from "@mantine/core";
import { type FormEvent, useId, useRef } from "react";
import { sendForm } from "../../api/files.ts";
import type { Schemas } from "../../api/schema.gen.ts";
import { useText } from "../../locales/text.tsx";
import { ErrorNote } from "../../ui/ErrorNote.tsx";
import { useAction } from "../../ui/use-action.ts";

/** A whole list of numbers at once. */
export function SuppressionImport() {
  const { t } = useText();
  const id = useId();
  const form = useRef<HTMLFormElement>(null);
  const send = useAction({
    run: (data: FormData) => sendForm<Schemas["SuppressionImport"]>("/api/v1/suppressions/import?scope=global", data),
    onDone: () => form.current?.reset(),
  });
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    send.mutate(new FormData(event.currentTarget));
  };
  return (
    <form ref={form} className="card stack" onSubmit={submit}>
      <h2>{t("dialer.importSuppressions")}</h2>
      <div className="row">
        <label htmlFor={id}>{t("dialer.chooseNumbers")}</label>
        <input id={id} name="file" type="file" accept=".csv,.txt" required />
        <Button type="submit" loading={send.isPending}>
          {t("dialer.importNow")}
        </Button>
      </div>
      {send.error && <ErrorNote error={send.error} />}
      {send.data && (
        <p className="note note-good" role="status">
          {t("dialer.numbersTaken", {
            inserted: send.data.inserted,
            duplicates: send.data.duplicates,
            invalid: send.data.invalid,
          })}
        </p>
      )}
    </form>
  );
}
