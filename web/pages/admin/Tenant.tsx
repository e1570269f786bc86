import { Button, NativeSelect, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import type { FormEvent } from "react";
import { api, ask } from "../../api/client.ts";
import { reloadMe } from "../../api/session.ts";
import { LANGUAGES, useText } from "../../locales/text.tsx";
import { ErrorNote } from "../../ui/ErrorNote.tsx";
import { Loading } from "../../ui/Loading.tsx";
import { useAction } from "../../ui/use-action.ts";

/** The call centre itself: its name, where it stands, what its CRMs are written in. */
export function Tenant({ onSaved }: { onSaved?: () => void }) {
  const { t } = useText();
  const { data, error } = useQuery({
    queryKey: ["tenant"],
    queryFn: ({ signal }) => ask(api.GET("/api/v1/tenant", { signal })),
  });
  const save = useAction({
    run: async (form: FormData) => {
      const text = (name: string): string => String(form.get(name) ?? "").trim();
      const language = LANGUAGES.find((one) => one === text("language")) ?? "en";
      const body = {
        name: text("name"),
        time_zone: text("time_zone"),
        country: text("country").toUpperCase(),
        language,
      };
      await ask(api.PATCH("/api/v1/tenant", { body }));
      await reloadMe();
    },
    done: t("tenant.saved"),
    ...(onSaved && { onDone: onSaved }),
  });
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    save.mutate(new FormData(event.currentTarget));
  };
  if (error) return <ErrorNote error={error} />;
  if (!data) return <Loading />;
  return (
    <form key={data.updated_at} className="card stack narrow" onSubmit={submit}>
      <TextInput name="name" label={t("tenant.name")} required defaultValue={data.name} />
      <TextInput
        name="time_zone"
        label={t("tenant.zone")}
        description={t("tenant.zoneHint")}
        required
        list="zones"
        defaultValue={data.time_zone}
      />
      <datalist id="zones">
        {Intl.supportedValuesOf("timeZone").map((zone) => (
          <option key={zone} value={zone} />
        ))}
      </datalist>
      <TextInput
        name="country"
        label={t("tenant.country")}
        description={t("tenant.countryHint")}
        required
        maxLength={2}
        defaultValue={data.country}
      />
      <NativeSelect
        name="language"
        label={t("tenant.language")}
        defaultValue={data.language}
        data={LANGUAGES.map((value) => ({ value, label: value }))}
      />
      {save.error && <ErrorNote error={save.error} />}
      <div>
        <Button type="submit" loading={save.isPending}>
          {t("action.save")}
        </Button>
      </div>
    </form>
  );
}
