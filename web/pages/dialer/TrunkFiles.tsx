import { Button, NativeSelect, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { api, ask } from "../../api/client.ts";
import { PBX_TRUNK_FILE_RELOAD, type Schemas } from "../../api/schema.gen.ts";
import { useText } from "../../locales/text.tsx";
import { ActionForm } from "../../ui/ActionForm.tsx";
import { Badge, type Tone } from "../../ui/Badge.tsx";
import { useMay, useMe } from "../../ui/current-user.ts";
import { ErrorNote } from "../../ui/ErrorNote.tsx";
import { textOf } from "../../ui/form-fields.ts";
import { Said } from "../../ui/Said.tsx";
import { useAction } from "../../ui/use-action.ts";
import { usePbxs } from "./lists.ts";

type TrunkFile = Schemas["PbxTrunkFile"];
const TONES: Record<TrunkFile["state"], Tone> = { none: "still", due: "warn", settled: "good" };

/** Where Enlace writes the trunks of each PBX, and whether the PBX has read them. */
export function TrunkFiles() {
  const { t } = useText();
  const may = useMay();
  const pbxs = usePbxs();
  if (!may("GET /api/v1/pbxs/{id}/trunk-file") || !pbxs.data || pbxs.data.items.length === 0) return null;
  return (
    <details className="card settings-group">
      <summary>{t("dialer.trunkFiles")}</summary>
      <p className="quiet small">{t("dialer.trunkFilesHint")}</p>
      {pbxs.data.items.map(({ id, name }) => (
        <OneFile key={id} id={id} name={name} />
      ))}
    </details>
  );
}

function OneFile({ id, name }: { id: string; name: string }) {
  const { t } = useText();
  const { is_operator } = useMe();
  const params = { path: { id } };
  const file = useQuery({
    queryKey: ["trunk-file", id],
    queryFn: ({ signal }) => ask(api.GET("/api/v1/pbxs/{id}/trunk-file", { signal, params })),
  });
  const save = useAction({
    run: (form: FormData) => {
      const reload = PBX_TRUNK_FILE_RELOAD.find((one) => one === textOf(form, "reload")) ?? "ami";
      const body = { folder: textOf(form, "folder") || null, reload };
      return ask(api.PUT("/api/v1/pbxs/{id}/trunk-file", { params, body }));
    },
    done: t("dialer.trunkFileSaved"),
  });
  if (file.error) return <ErrorNote error={file.error} />;
  if (!file.data) return null;
  const { folder, reload, state, problem } = file.data;
  return (
    <ActionForm action={save}>
      <fieldset className="plain-set form-grid ends" disabled={!is_operator}>
        <legend className="row">
          {name} <Badge tone={TONES[state]}>{t(`dialer.trunkFileIs.${state}`)}</Badge>
        </legend>
        <TextInput
          name="folder"
          label={t("dialer.trunkFolder")}
          defaultValue={folder ?? ""}
          placeholder="/etc/asterisk/enlace"
        />
        <NativeSelect
          name="reload"
          label={t("dialer.reloadBy")}
          defaultValue={reload}
          data={PBX_TRUNK_FILE_RELOAD.map((value) => ({ value, label: t(`dialer.reloadIs.${value}`) }))}
        />
        <Button type="submit" variant="default" loading={save.isPending}>
          {t("action.save")}
          <span className="visually-hidden"> {t("dialer.trunkFileOf", { name })}</span>
        </Button>
      </fieldset>
      {problem && (
        <p className="note note-bad">
          <Said text={problem} code={file.data.problem_code} values={file.data.problem_values} />
        </p>
      )}
    </ActionForm>
  );
}
