import { Button, Checkbox, NativeSelect, PasswordInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { type FormEvent, useRef } from "react";
import { api, ask } from "../api/client.ts";
import { reloadMe } from "../api/session.ts";
import { useText } from "../locales/text.tsx";
import { Badge } from "../ui/Badge.tsx";
import { ConfirmButton } from "../ui/ConfirmButton.tsx";
import { useMe } from "../ui/current-user.ts";
import { ErrorNote } from "../ui/ErrorNote.tsx";
import { Loading } from "../ui/Loading.tsx";
import { showProblem } from "../ui/notices.tsx";
import { Page } from "../ui/Page.tsx";
import { chooseNumberForm, NUMBER_FORMS, type NumberForm, useNumberForm } from "../ui/phone-numbers.ts";
import { switchShortcuts, useAreShortcutsOn } from "../ui/shortcuts.ts";
import { Time } from "../ui/Time.tsx";
import { useAction } from "../ui/use-action.ts";

/** One's own password, and where one is signed in. */
export function Account() {
  const { t } = useText();
  const me = useMe();
  return (
    <Page title={t("account.title")} lead={`${me.name}${me.role ? ` · ${t(`role.${me.role}`)}` : ""}`}>
      <div className="stack narrow">
        {me.must_change_password && <p className="note note-warn">{t("account.mustChange")}</p>}
        <PasswordForm />
        {!me.must_change_password && <Looks />}
        {!me.must_change_password && <Sessions />}
      </div>
    </Page>
  );
}

function PasswordForm() {
  const { t } = useText();
  const me = useMe();
  const navigate = useNavigate();
  const form = useRef<HTMLFormElement>(null);
  const change = useAction({
    run: async (data: FormData) => {
      const body = { current_password: String(data.get("current")), new_password: String(data.get("next")) };
      await ask(api.POST("/api/v1/me/password", { body }));
    },
    done: t("account.changed"),
    onDone: () => {
      form.current?.reset();
      // The first own password of a newcomer opens the rest of the house.
      if (me.must_change_password)
        void reloadMe().then(({ role }) => navigate({ to: role === "admin" ? "/setup" : "/live" }));
    },
  });
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    change.mutate(new FormData(event.currentTarget));
  };
  const eye = { visibilityToggleButtonProps: { "aria-label": t("signIn.show") } };
  return (
    <form ref={form} className="card stack" onSubmit={submit}>
      <h2>{t("account.password")}</h2>
      <PasswordInput name="current" label={t("account.current")} required autoComplete="current-password" {...eye} />
      <PasswordInput
        name="next"
        label={t("account.next")}
        description={t("account.nextHint")}
        required
        autoComplete="new-password"
        {...eye}
      />
      {change.error && <ErrorNote error={change.error} />}
      <div>
        <Button type="submit" loading={change.isPending}>
          {t("account.change")}
        </Button>
      </div>
    </form>
  );
}

/** How this browser shows things; kept in it. */
function Looks() {
  const { t } = useText();
  const form = useNumberForm();
  const areShortcutsOn = useAreShortcutsOn();
  return (
    <section className="card stack">
      <h2>{t("account.looks")}</h2>
      <NativeSelect
        label={t("numbers.title")}
        description={t("numbers.hint")}
        value={form}
        onChange={(event) => void chooseNumberForm(event.currentTarget.value as NumberForm).catch(showProblem)}
        data={NUMBER_FORMS.map((value) => ({ value, label: t(`numbers.${value}`) }))}
      />
      <Checkbox
        label={t("shortcuts.single")}
        description={t("shortcuts.singleHint")}
        checked={areShortcutsOn}
        onChange={(event) => switchShortcuts(event.currentTarget.checked)}
      />
    </section>
  );
}

function Sessions() {
  const { t } = useText();
  const { data, error } = useQuery({
    queryKey: ["sessions"],
    queryFn: ({ signal }) => ask(api.GET("/api/v1/sessions", { signal })),
  });
  return (
    <section className="card">
      <h2>{t("account.sessions")}</h2>
      {error && <ErrorNote error={error} />}
      {!data && !error && <Loading />}
      <ul className="plain">
        {data?.items.map(({ id, is_current, user_agent, address, used_at }) => (
          <li key={id}>
            <div className="row spread">
              <span className="break">{user_agent || "–"}</span>
              {is_current ? (
                <Badge tone="good">{t("account.thisOne")}</Badge>
              ) : (
                <ConfirmButton
                  label={t("account.end")}
                  question={t("account.endQuestion")}
                  done={t("account.ended")}
                  run={() => ask(api.DELETE("/api/v1/sessions/{id}", { params: { path: { id } } }))}
                />
              )}
            </div>
            <div className="small quiet">
              {address} · <Time at={used_at} />
            </div>
          </li>
        ))}
      </ul>
    </section>
  );
}
