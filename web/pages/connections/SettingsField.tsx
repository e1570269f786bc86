import { Checkbox, Fieldset, NativeSelect, PasswordInput, Textarea, TextInput } from "@mantine/core";
import { useText } from "../../locales/text.tsx";
import { PairsField } from "./PairsField.tsx";
import { type FieldSchema, toFieldKind } from "./settings-schema.ts";

interface SettingsFieldProps {
  /** Its path: `url`, `fieldMap.subject`. */
  path: string;
  schema: FieldSchema;
  value: unknown;
  isRequired: boolean;
  /** What the server says about each path. */
  problems: ReadonlyMap<string, string>;
  onChange(value: unknown): void;
}

/** One setting of a connector, drawn from its JSON Schema. */
export function SettingsField(props: SettingsFieldProps) {
  const { path, schema, value, isRequired, problems, onChange } = props;
  const { t } = useText();
  const common = {
    label: schema.title ?? path,
    description: schema.description,
    required: isRequired,
    error: problems.get(path),
  };
  const text = typeof value === "string" ? value : "";
  switch (toFieldKind(schema)) {
    case "secret":
      return (
        <PasswordInput
          {...common}
          value={text}
          autoComplete="new-password"
          visibilityToggleButtonProps={{ "aria-label": t("signIn.show") }}
          onChange={(event) => onChange(event.currentTarget.value)}
        />
      );
    case "boolean":
      return (
        <Checkbox
          label={common.label}
          description={common.description}
          checked={value === true}
          onChange={(event) => onChange(event.currentTarget.checked)}
        />
      );
    case "number":
      return <NumberSetting {...props} />;
    case "choice":
      return (
        <NativeSelect
          {...common}
          data={[...(isRequired ? [] : [""]), ...(schema.enum ?? []).map(String)]}
          value={text}
          onChange={(event) => onChange(event.currentTarget.value)}
        />
      );
    case "choices":
      return <Choices {...props} />;
    case "group":
      return <Group {...props} />;
    case "pairs":
      return <PairsField path={path} schema={schema} value={value} problem={problems.get(path)} onChange={onChange} />;
    case "longText":
      return <Textarea {...common} rows={4} value={text} onChange={(event) => onChange(event.currentTarget.value)} />;
    case "text":
      return (
        <TextInput
          {...common}
          value={text}
          placeholder={schema.examples?.[0] === undefined ? "" : String(schema.examples[0])}
          maxLength={schema.maxLength}
          onChange={(event) => onChange(event.currentTarget.value)}
        />
      );
  }
}

function NumberSetting({ path, schema, value, isRequired, problems, onChange }: SettingsFieldProps) {
  return (
    <TextInput
      type="number"
      label={schema.title ?? path}
      description={schema.description}
      required={isRequired}
      error={problems.get(path)}
      min={schema.minimum}
      max={schema.maximum}
      value={value === undefined ? "" : String(value)}
      onChange={(event) => onChange(event.currentTarget.value === "" ? undefined : Number(event.currentTarget.value))}
    />
  );
}

function Choices({ path, schema, value, onChange, problems }: SettingsFieldProps) {
  const chosen = Array.isArray(value) ? value.map(String) : [];
  return (
    <Checkbox.Group
      label={schema.title ?? path}
      description={schema.description}
      error={problems.get(path)}
      value={chosen}
      onChange={onChange}
    >
      <div className="row choices">
        {(schema.items?.enum ?? []).map((one) => (
          <Checkbox key={String(one)} value={String(one)} label={schema.choiceLabels?.[String(one)] ?? String(one)} />
        ))}
      </div>
    </Checkbox.Group>
  );
}

function Group({ path, schema, value, onChange, problems }: SettingsFieldProps) {
  const given = (typeof value === "object" && value !== null ? value : {}) as Record<string, unknown>;
  return (
    <details className="settings-group">
      <summary>{schema.title ?? path}</summary>
      <Fieldset legend={schema.description ?? schema.title ?? path}>
        <div className="form-grid">
          {Object.entries(schema.properties ?? {}).map(([name, child]) => (
            <SettingsField
              key={name}
              path={`${path}.${name}`}
              schema={{ ...child, description: undefined }}
              value={given[name]}
              isRequired={schema.required?.includes(name) ?? false}
              problems={problems}
              onChange={(next) => onChange({ ...given, [name]: next })}
            />
          ))}
        </div>
      </Fieldset>
    </details>
  );
}
