import { Button, Checkbox, NativeSelect, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import type { FormEvent } from "react";
import { api, ask } from "../../api/client.ts";
import { reloadMe } from "../../api/session.ts";
import { LANGUAGES, useText } from "../../locales/text.tsx";
import { ErrorNote } from "../../ui/ErrorNote.tsx";
import { LanguageOptions } from "../../ui/LanguageOptions.tsx";
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
        ...(!onSaved && { signature_modes: toSignatureModes(form) }),
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
      <NativeSelect name="language" label={t("tenant.language")} defaultValue={data.language}>
        <LanguageOptions />
      </NativeSelect>
      {/* Nobody is asked about it on the first day. */}
      {!onSaved && (
        <Checkbox
          size="xs"
          name="older_signatures"
          label={t("tenant.olderSignatures")}
          description={t("tenant.olderSignaturesHint")}
          defaultChecked={data.signature_modes.includes("python-json")}
        />
      )}
      {save.error && <ErrorNote error={save.error} />}
      <div>
        <Button type="submit" loading={save.isPending}>
          {t("action.save")}
        </Button>
      </div>
    </form>
  );
}

/** How a webhook's signature may be computed; the first is the strict one, which is always taken. */
const SIGNATURE_MODES = ["raw", "python-json"] as const;

const toSignatureModes = (form: FormData) =>
  SIGNATURE_MODES.filter((one) => one === "raw" || form.get("older_signatures") !== null);
