import { Button, Checkbox, NativeSelect, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { api, ask } from "../../api/client.ts";
import { RECORDING_SETTINGS_CRM_LINK } from "../../api/schema.gen.ts";
import { useText } from "../../locales/text.tsx";
import { ActionForm } from "../../ui/ActionForm.tsx";
import { ErrorNote } from "../../ui/ErrorNote.tsx";
import { numberOf, textOf } from "../../ui/form-fields.ts";
import { Loading } from "../../ui/Loading.tsx";
import { useAction } from "../../ui/use-action.ts";

const RETENTION_DAYS_MAX = 3_650;

/** What the call centre wants of its recordings: who links to them, whether they are copied, how long they are heard. */
export function RecordingSettings() {
  const { t } = useText();
  const settings = useQuery({
    queryKey: ["recording-settings"],
    queryFn: ({ signal }) => ask(api.GET("/api/v1/recording-settings", { signal })),
  });
  const save = useAction({
    run: (form: FormData) => {
      const crm_link = RECORDING_SETTINGS_CRM_LINK.find((one) => one === textOf(form, "crm_link")) ?? "told";
      const keep_copies = form.get("keep_copies") !== null;
      const retention_days = numberOf(form, "retention_days") ?? 1;
      return ask(api.PUT("/api/v1/recording-settings", { body: { crm_link, keep_copies, retention_days } }));
    },
    done: t("recordings.saved"),
  });
  const { data } = settings;
  if (settings.error) return <ErrorNote error={settings.error} onRetry={() => void settings.refetch()} />;
  if (!data) return <Loading />;
  return (
    <ActionForm key={JSON.stringify(data)} className="card stack narrow" action={save}>
      <h2>{t("recordings.title")}</h2>
      <NativeSelect
        name="crm_link"
        label={t("recordings.crmLink")}
        defaultValue={data.crm_link}
        data={RECORDING_SETTINGS_CRM_LINK.map((value) => ({ value, label: t(`recordings.crmLinkIs.${value}`) }))}
      />
      <Checkbox
        size="xs"
        name="keep_copies"
        label={t("recordings.keepCopies")}
        description={t("recordings.keepCopiesHint")}
        defaultChecked={data.keep_copies}
      />
      <TextInput
        name="retention_days"
        type="number"
        min={1}
        max={RETENTION_DAYS_MAX}
        required
        label={t("recordings.retentionDays")}
        description={t("recordings.retentionHint")}
        defaultValue={data.retention_days}
      />
      <div>
        <Button type="submit" loading={save.isPending}>
          {t("action.save")}
          <span className="visually-hidden"> {t("recordings.title")}</span>
        </Button>
      </div>
    </ActionForm>
  );
}
