import { Button, Checkbox, TextInput } from "@mantine/core";
import { type FormEvent, type ReactNode, useState } from "react";
import { toProblem } from "../../api/problem.ts";
import type { Schemas } from "../../api/schema.gen.ts";
import { useText } from "../../locales/text.tsx";
import { ErrorNote } from "../../ui/ErrorNote.tsx";
import { useSaid } from "../../ui/Said.tsx";
import { SettingsField } from "./SettingsField.tsx";
import { type FieldSchema, type Settings, toSettings } from "./settings-schema.ts";
import { toToldSchema } from "./settings-words.ts";

export interface ConnectionForm {
  name: string;
  settings: Settings;
  enabled: boolean;
  concurrency?: number;
  per_second?: number | null;
  attempts_max?: number;
}

interface SettingsFormProps {
  connector: Schemas["Connector"];
  initial: ConnectionForm;
  submitLabel: string;
  isPending: boolean;
  error: unknown;
  /** Whether what goes into which field over there is edited beside the form (FieldMapping). */
  hasEditor: boolean;
  onSubmit(form: ConnectionForm): void;
  children?: ReactNode;
}

/** The form of a connection: its name, what its connector wants to know, and how hard it may be pressed. */
export function SettingsForm({
  connector,
  initial,
  submitLabel,
  isPending,
  error,
  hasEditor,
  onSubmit,
  children,
}: SettingsFormProps) {
  const { t, knows, say } = useText();
  const toText = useSaid();
  const [form, setForm] = useState(initial);
  const schema = toToldSchema(connector.id, connector.settings_schema as FieldSchema, { knows, say });
  const shown = Object.entries(schema.properties ?? {}).filter(([, { mapped }]) => !(mapped && hasEditor));
  const problems = new Map(
    (error ? toProblem(error).fields : []).map(({ path, message, code, values }) => [
      path.replace(/^settings\./, ""),
      toText({ text: message, code, values }),
    ]),
  );
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    onSubmit({ ...form, settings: toSettings(schema, form.settings) });
  };
  return (
    <form className="stack" onSubmit={submit}>
      <TextInput
        label={t("connection.name")}
        description={t("connection.nameHint")}
        required
        maxLength={100}
        error={problems.get("name")}
        value={form.name}
        onChange={(event) => setForm({ ...form, name: event.currentTarget.value })}
      />
      {shown.map(([name, child]) => (
        <div key={name} lang={child.isTold ? undefined : "en"}>
          <SettingsField
            path={name}
            schema={child}
            value={form.settings[name]}
            isRequired={schema.required?.includes(name) ?? false}
            problems={problems}
            onChange={(value) => setForm({ ...form, settings: { ...form.settings, [name]: value } })}
          />
        </div>
      ))}
      <Limits form={form} onChange={setForm} />
      <Checkbox
        label={t("connection.enabled")}
        checked={form.enabled}
        onChange={(event) => setForm({ ...form, enabled: event.currentTarget.checked })}
      />
      {error !== null && error !== undefined && <ErrorNote error={error} />}
      <div className="row">
        <Button type="submit" loading={isPending}>
          {submitLabel}
        </Button>
        {children}
      </div>
    </form>
  );
}

function Limits({ form, onChange }: { form: ConnectionForm; onChange(form: ConnectionForm): void }) {
  const { t } = useText();
  return (
    <details className="settings-group">
      <summary>{t("connection.limits")}</summary>
      <div className="form-grid">
        <NumberField
          label={t("connection.concurrency")}
          value={form.concurrency}
          onChange={(value) => onChange(value === undefined ? form : { ...form, concurrency: value })}
        />
        <NumberField
          label={t("connection.perSecond")}
          value={form.per_second ?? undefined}
          onChange={(value) => onChange({ ...form, per_second: value ?? null })}
        />
        <NumberField
          label={t("connection.attemptsMax")}
          value={form.attempts_max}
          onChange={(value) => onChange(value === undefined ? form : { ...form, attempts_max: value })}
        />
      </div>
    </details>
  );
}

interface NumberFieldProps {
  label: string;
  value: number | undefined;
  onChange(value: number | undefined): void;
}

function NumberField({ label, value, onChange }: NumberFieldProps) {
  return (
    <TextInput
      type="number"
      min={0}
      step="any"
      label={label}
      value={value ?? ""}
      onChange={(event) => onChange(event.currentTarget.value === "" ? undefined : Number(event.currentTarget.value))}
    />
  );
}
