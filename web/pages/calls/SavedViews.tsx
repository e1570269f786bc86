import { Button, NativeSelect, TextInput } from "@mantine/core";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { useText } from "../../locales/text.tsx";
import { useMe } from "../../ui/current-user.ts";
import { DialogButton } from "../../ui/DialogButton.tsx";
import type { CallSearch } from "./call-search.ts";
import { forgetView, isSameSearch, keepView, loadViews, type SavedView } from "./saved-views.ts";

/** The address is the view; here it gets a name that one finds again. */
export function SavedViews({ search }: { search: CallSearch }) {
  const { t } = useText();
  const user = useMe().name;
  const navigate = useNavigate();
  const [views, setViews] = useState(() => loadViews(user));
  const current = views.find((view) => isSameSearch(view.search, search));
  const isFiltered = Object.keys(search).length > 0;
  return (
    <>
      {views.length > 0 && (
        <NativeSelect
          label={t("view.choose")}
          value={current?.name ?? ""}
          onChange={(event) => {
            const chosen = views.find(({ name }) => name === event.currentTarget.value);
            void navigate({ to: "/calls", search: chosen?.search ?? {} });
          }}
          data={[{ value: "", label: t("view.none") }, ...views.map(({ name }) => name)]}
        />
      )}
      {isFiltered && !current && (
        <DialogButton label={t("view.keep")} title={t("view.keep")} look={{ variant: "default" }}>
          {(close) => (
            <KeepView
              search={search}
              onKept={(view) => {
                setViews(keepView(user, view));
                close();
              }}
            />
          )}
        </DialogButton>
      )}
      {current && (
        <Button variant="default" onClick={() => setViews(forgetView(user, current.name))}>
          {t("view.forget")}
        </Button>
      )}
    </>
  );
}

const NAME_MAX = 40;

function KeepView({ search, onKept }: { search: CallSearch; onKept(view: SavedView): void }) {
  const { t } = useText();
  const [name, setName] = useState("");
  return (
    <form
      className="stack"
      onSubmit={(event) => {
        event.preventDefault();
        if (name.trim() !== "") onKept({ name: name.trim(), search });
      }}
    >
      <p className="quiet">{t("view.keepText")}</p>
      <TextInput
        label={t("view.name")}
        value={name}
        maxLength={NAME_MAX}
        required
        data-autofocus
        onChange={(event) => setName(event.currentTarget.value)}
      />
      <div className="row">
        <Button type="submit">{t("action.save")}</Button>
      </div>
    </form>
  );
}
