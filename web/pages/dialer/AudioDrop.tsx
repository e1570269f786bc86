import { Button, Checkbox, TextInput } from "@mantine/core";
import { type DragEvent, type FormEvent, useId, useRef, useState } from "react";
import { sendForm } from "../../api/files.ts";
import type { Schemas } from "../../api/schema.gen.ts";
import { useText } from "../../locales/text.tsx";
import { ErrorNote } from "../../ui/ErrorNote.tsx";
import { useAction } from "../../ui/use-action.ts";

/** A place to drop a sound on, or to choose one with the keyboard. */
export function AudioDrop() {
  const { t } = useText();
  const [file, setFile] = useState<File | null>(null);
  const [isOver, setOver] = useState(false);
  const field = useRef<HTMLInputElement>(null);
  const id = useId();
  const upload = useAction({
    run: (form: FormData) => sendForm<Schemas["Audio"]>("/api/v1/audios", form),
    done: t("dialer.audioAdded"),
    onDone: () => {
      setFile(null);
      if (field.current) field.current.value = "";
    },
  });
  const choose = (given: File | undefined): void => {
    upload.reset();
    setFile(given ?? null);
  };
  const drop = (event: DragEvent): void => {
    event.preventDefault();
    setOver(false);
    choose(event.dataTransfer.files[0]);
  };
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    if (!file) return;
    const form = new FormData();
    const given = new FormData(event.currentTarget);
    form.set("name", String(given.get("name") ?? "").trim());
    form.set("replace", given.get("replace") === null ? "false" : "true");
    form.set("file", file); // last, so that the server knows the others before it reads a large one
    upload.mutate(form);
  };
  return (
    <form className="card stack" onSubmit={submit}>
      <h2>{t("dialer.addAudio")}</h2>
      {/* biome-ignore lint/a11y/noStaticElementInteractions: dropping is a short cut; the field inside does the same */}
      <div
        className={isOver ? "drop drop-over" : "drop"}
        onDragOver={(event) => {
          event.preventDefault();
          setOver(true);
        }}
        onDragLeave={() => setOver(false)}
        onDrop={drop}
      >
        <label htmlFor={id}>{t("dialer.dropAudio")}</label>
        <div>
          <input
            ref={field}
            id={id}
            type="file"
            accept=".wav,.gsm,.ulaw,.alaw,.sln,.mp3,.ogg,.flac,.m4a"
            aria-describedby={`${id}-hint`}
            onChange={(event) => choose(event.currentTarget.files?.[0])}
          />
        </div>
        <p className="quiet small" id={`${id}-hint`}>
          {t("dialer.audioHint")}
        </p>
        {file && <p className="break">{t("dialer.chosenFile", { name: file.name })}</p>}
      </div>
      {file && (
        <div className="filters">
          <TextInput
            name="name"
            label={t("dialer.audioName")}
            placeholder={file.name}
            maxLength={100}
            autoComplete="off"
          />
          <Checkbox size="xs" name="replace" label={t("dialer.replaceAudio")} />
          <Button type="submit" loading={upload.isPending}>
            {t("dialer.uploadAudio")}
          </Button>
        </div>
      )}
      {upload.error && <ErrorNote error={upload.error} />}
    </form>
  );
}
