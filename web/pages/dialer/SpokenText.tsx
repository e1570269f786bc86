import { Button, NativeSelect, Textarea, TextInput } from "@mantine/core";
import { type FormEvent, useState } from "react";
import { api, ask } from "../../api/client.ts";
import { PROJECT_LANGUAGE } from "../../api/schema.gen.ts";
import { useText } from "../../locales/text.tsx";
import { ErrorNote } from "../../ui/ErrorNote.tsx";
import { useAction } from "../../ui/use-action.ts";

const PLACEHOLDER = /\{\{\s*([^{}]{1,60}?)\s*\}\}/g;

/** How a text sounds, with what would stand in it for one callee. */
export function SpokenText() {
  const { t } = useText();
  const [text, setText] = useState("");
  const names = [...new Set([...text.matchAll(PLACEHOLDER)].map(([, name = ""]) => name))];
  const speak = useAction({
    run: (form: FormData) => {
      const variables = Object.fromEntries(names.map((name) => [name, String(form.get(`variable ${name}`) ?? "")]));
      const language = PROJECT_LANGUAGE.find((one) => one === form.get("language")) ?? "es";
      return ask(api.POST("/api/v1/speech", { body: { text, language, variables } }));
    },
  });
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    speak.mutate(new FormData(event.currentTarget));
  };
  return (
    <form className="card stack" onSubmit={submit}>
      <h2>{t("dialer.tryText")}</h2>
      <Textarea
        size="xs"
        label={t("dialer.text")}
        description={t("dialer.textHint")}
        required
        maxLength={1500}
        rows={3}
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
      />
      <div className="filters">
        {names.map((name) => (
          <TextInput key={name} name={`variable ${name}`} label={name} autoComplete="off" />
        ))}
        <NativeSelect
          name="language"
          label={t("dialer.language")}
          data={PROJECT_LANGUAGE.map((value) => ({ value, label: t(`dialer.in.${value}`) }))}
        />
        <Button type="submit" loading={speak.isPending}>
          {t("dialer.speak")}
        </Button>
      </div>
      {speak.error && <ErrorNote error={speak.error} />}
      {speak.data && (
        <div className="stack">
          <p className="break">{speak.data.text}</p>
          {/* biome-ignore lint/a11y/useMediaCaption: what is said stands above it */}
          <audio controls src={new URL(speak.data.url).pathname} aria-label={t("dialer.tryText")} />
        </div>
      )}
    </form>
  );
}
