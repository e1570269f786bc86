import { Button, PasswordInput, TextInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { type FormEvent, useEffect } from "react";
import { toProblem } from "../api/problem.ts";
import { signIn } from "../api/session.ts";
import { useText } from "../locales/text.tsx";
import { ErrorNote } from "../ui/ErrorNote.tsx";
import { LanguageChoice } from "../ui/Shell.tsx";

const route = getRouteApi("/sign-in");

export function SignIn() {
  const { t } = useText();
  const { next } = route.useSearch();
  const navigate = useNavigate();
  const entry = useMutation({
    mutationFn: (form: FormData) => signIn(String(form.get("username")), String(form.get("password"))),
    onSuccess: (me) => navigate(me.must_change_password ? { to: "/account" } : { to: next ?? "/live" }),
  });
  useEffect(() => {
    document.title = `${t("signIn.title")} · Enlace`;
  }, [t]);
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    entry.mutate(new FormData(event.currentTarget));
  };
  const isWrong = entry.error !== null && toProblem(entry.error).code === "unauthenticated";
  return (
    <main className="front">
      <div className="card">
        <div className="row front-brand">
          <img src="/icon.svg" alt="" width="36" height="36" />
          <h1>{t("signIn.title")}</h1>
        </div>
        <p className="quiet front-what">{t("signIn.what")}</p>
        <form className="stack" onSubmit={submit}>
          <TextInput name="username" label={t("signIn.username")} autoComplete="username" required autoFocus />
          <PasswordInput
            name="password"
            label={t("signIn.password")}
            autoComplete="current-password"
            required
            visibilityToggleButtonProps={{ "aria-label": t("signIn.show") }}
          />
          {isWrong && (
            <div className="note note-bad" role="alert">
              {t("signIn.wrong")}
            </div>
          )}
          {entry.error && !isWrong && <ErrorNote error={entry.error} />}
          <Button type="submit" loading={entry.isPending}>
            {t("signIn.submit")}
          </Button>
        </form>
        <p className="quiet small">{t("signIn.hint")}</p>
        <LanguageChoice />
      </div>
    </main>
  );
}
