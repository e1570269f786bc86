import { NativeSelect, Textarea, TextInput } from "@mantine/core";
import type { Schemas } from "../../api/schema.gen.ts";
import { useText } from "../../locales/text.tsx";
import { useMe } from "../../ui/current-user.ts";
import { textOf } from "../../ui/form-fields.ts";
import { FormPart } from "../dialer/FormPart.tsx";

type Pbx = Schemas["Pbx"];
type DialForm = Pbx["dial"]["form"];

const DIAL_FORMS: readonly DialForm[] = ["local", "e164"];
const PBX_FOLDER = "/var/spool/asterisk/monitor";

/** How phones of this PBX are rung and numbers dialled for them: for click-to-call. */
export function DialFields({ pbx }: { pbx: Pbx | null }) {
  const { t } = useText();
  const dial = pbx?.dial; // of a new one nothing is said: the server knows what is usual
  return (
    <FormPart title={t("pbx.dialling")}>
      <TextInput
        name="dial_extension"
        label={t("pbx.dialExtension")}
        description={t("pbx.dialExtensionHint")}
        maxLength={200}
        defaultValue={dial?.extension ?? ""}
      />
      <TextInput name="dial_context" label={t("pbx.dialContext")} defaultValue={dial?.context ?? ""} />
      <TextInput
        name="dial_number"
        label={t("pbx.dialNumber")}
        description={t("pbx.dialNumberHint")}
        defaultValue={dial?.number ?? ""}
      />
      <NativeSelect
        name="dial_form"
        label={t("pbx.dialForm")}
        defaultValue={dial?.form ?? "local"}
        data={DIAL_FORMS.map((value) => ({ value, label: t(`numbers.${value === "local" ? "national" : value}`) }))}
      />
    </FormPart>
  );
}

/** Where the PBX's recordings are. Only who operates the machine may name a folder of it. */
export function RecordingFields({ pbx }: { pbx: Pbx | null }) {
  const { t } = useText();
  const { is_operator } = useMe();
  const recordings = pbx?.recordings;
  return (
    <FormPart title={t("recordings.title")}>
      {is_operator && (
        <TextInput
          name="recordings_folder"
          label={t("pbx.recordingsFolder")}
          description={t("pbx.recordingsFolderHint")}
          defaultValue={recordings?.folder ?? ""}
        />
      )}
      <TextInput
        name="recordings_pbx_folder"
        label={t("pbx.recordingsPbxFolder")}
        defaultValue={recordings?.pbx_folder ?? PBX_FOLDER}
      />
      <TextInput
        name="recordings_url"
        label={t("pbx.recordingsUrl")}
        description={t("pbx.recordingsUrlHint")}
        defaultValue={recordings?.url ?? ""}
      />
    </FormPart>
  );
}

/** What few installations need. */
export function RareFields({ pbx }: { pbx: Pbx | null }) {
  const { t } = useText();
  return (
    <FormPart title={t("pbx.rare")}>
      <TextInput
        name="call_id_prefix"
        label={t("pbx.callIdPrefix")}
        description={t("pbx.callIdPrefixHint")}
        pattern="[A-Za-z0-9._:@\-]{0,32}"
        defaultValue={pbx?.call_id_prefix ?? ""}
      />
      <Textarea
        className="wide"
        name="tls_ca"
        size="xs"
        label={t("pbx.tlsCa")}
        description={t("pbx.tlsCaHint")}
        rows={3}
        defaultValue={pbx?.tls_ca ?? ""}
      />
    </FormPart>
  );
}

/** What these fields say; `pbx` keeps what the person may not change. */
export function toPartsBody(form: FormData, pbx: Pbx | null) {
  const text = (name: string): string => textOf(form, name);
  const folder = form.has("recordings_folder") ? text("recordings_folder") : (pbx?.recordings?.folder ?? "");
  const url = text("recordings_url");
  const has = folder !== "" || url !== "";
  return {
    dial: {
      ...(text("dial_extension") !== "" && { extension: text("dial_extension") }),
      ...(text("dial_context") !== "" && { context: text("dial_context") }),
      ...(text("dial_number") !== "" && { number: text("dial_number") }),
      form: DIAL_FORMS.find((one) => one === text("dial_form")) ?? "local",
    },
    recordings: has
      ? { folder: folder || null, pbx_folder: text("recordings_pbx_folder") || PBX_FOLDER, url: url || null }
      : null,
    ...(text("call_id_prefix") !== "" && { call_id_prefix: text("call_id_prefix") }),
    tls_ca: text("tls_ca") || null,
  };
}
