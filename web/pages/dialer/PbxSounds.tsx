import { Button, NativeSelect, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { api, ask } from "../../api/client.ts";
import type { Schemas } from "../../api/schema.gen.ts";
import { useText } from "../../locales/text.tsx";
import { useMay, useMe } from "../../ui/current-user.ts";
import { ErrorNote } from "../../ui/ErrorNote.tsx";
import { useAction } from "../../ui/use-action.ts";
import { usePbxs } from "./lists.ts";

/** How each PBX gets what it plays. */
export function PbxSounds() {
  const { t } = useText();
  const may = useMay();
  const pbxs = usePbxs();
  if (!may("PUT /api/v1/pbxs/{id}/sounds") || !pbxs.data || pbxs.data.items.length === 0) return null;
  return (
    <details className="card settings-group">
      <summary>{t("dialer.pbxSounds")}</summary>
      <p className="quiet small">{t("dialer.pbxSoundsHint")}</p>
      {pbxs.data.items.map(({ id, name }) => (
        <OnePbx key={id} id={id} name={name} />
      ))}
    </details>
  );
}

function OnePbx({ id, name }: { id: string; name: string }) {
  const sounds = useQuery({
    queryKey: ["pbx-sounds", id],
    queryFn: ({ signal }) => ask(api.GET("/api/v1/pbxs/{id}/sounds", { signal, params: { path: { id } } })),
  });
  if (sounds.error) return <ErrorNote error={sounds.error} />;
  if (!sounds.data) return null;
  return <SoundsForm key={JSON.stringify(sounds.data)} id={id} name={name} sounds={sounds.data} />;
}

function SoundsForm({ id, name, sounds }: { id: string; name: string; sounds: Schemas["PbxSounds"] }) {
  const { t } = useText();
  const { is_operator } = useMe();
  const [delivery, setDelivery] = useState(sounds.delivery);
  const save = useAction({
    run: (form: FormData) => {
      const text = (field: string): string => String(form.get(field) ?? "").trim();
      const body =
        delivery === "folder"
          ? ({ delivery, folder: text("folder"), pbx_folder: text("pbx_folder") } as const)
          : ({ delivery, base_url: text("base_url") || null } as const);
      return ask(api.PUT("/api/v1/pbxs/{id}/sounds", { params: { path: { id } }, body }));
    },
    done: t("dialer.pbxSoundsSaved"),
  });
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    save.mutate(new FormData(event.currentTarget));
  };
  return (
    <form onSubmit={submit}>
      <div className="form-grid ends">
        <NativeSelect
          label={name}
          value={delivery}
          onChange={(event) => setDelivery(event.currentTarget.value === "folder" ? "folder" : "http")}
          data={(["http", "folder"] as const).map((value) => ({
            value,
            label: t(`dialer.delivery.${value}`),
            disabled: value === "folder" && !is_operator,
          }))}
        />
        {delivery === "http" && (
          <TextInput
            name="base_url"
            type="url"
            label={t("dialer.baseUrl")}
            placeholder="http://10.0.0.5:8080"
            defaultValue={sounds.base_url ?? ""}
          />
        )}
        {delivery === "folder" && (
          <>
            <TextInput name="folder" required label={t("dialer.folderHere")} defaultValue={sounds.folder ?? ""} />
            <TextInput
              name="pbx_folder"
              required
              label={t("dialer.folderThere")}
              defaultValue={sounds.pbx_folder ?? "/var/lib/asterisk/sounds/enlace"}
            />
          </>
        )}
        <Button type="submit" variant="default" loading={save.isPending}>
          {t("action.save")}
          <span className="visually-hidden"> {name}</span>
        </Button>
      </div>
      {save.error && <ErrorNote error={save.error} />}
    </form>
  );
}
