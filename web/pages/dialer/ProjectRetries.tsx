import { Checkbox, NativeSelect, TextInput } from "@mantine/core";
import type { Schemas } from "../../api/schema.gen.ts";
import { useText } from "../../locales/text.tsx";
import { FormPart } from "./FormPart.tsx";
import { AMD_FIELDS, RETRIED, toRuleText } from "./project-form.ts";

/** Offered in minutes; another one that a project has is offered too. */
const MINUTES = ["5", "15", "30", "60", "120", "240", "1440"];

/** Whom to call again and when, and how a machine is told from a person. */
export function ProjectRetries({ project }: { project: Schemas["Project"] }) {
  const { t } = useText();
  const { retry } = project;
  return (
    <>
      <FormPart title={t("dialer.retries")}>
        <TextInput
          name="attempts_max"
          type="number"
          min={1}
          max={20}
          required
          label={t("dialer.attemptsMax")}
          defaultValue={retry.attempts_max}
        />
        <TextInput
          name="after_minutes"
          type="number"
          min={0.5}
          step="0.5"
          required
          label={t("dialer.afterMinutes")}
          defaultValue={retry.after_seconds / 60}
        />
        {RETRIED.map((disposition) => {
          const said = toRuleText(retry.by_disposition[disposition]);
          const offered = MINUTES.includes(said) || said === "" || said === "never" ? MINUTES : [...MINUTES, said];
          return (
            <NativeSelect
              key={disposition}
              name={`rule ${disposition}`}
              label={t(`dialer.disposition.${disposition}`)}
              defaultValue={said}
              data={[
                { value: "", label: t("dialer.ruleUsual") },
                { value: "never", label: t("dialer.ruleNever") },
                ...offered.map((minutes) => ({
                  value: minutes,
                  label: t("dialer.ruleAfter", { minutes: Number(minutes) }),
                })),
              ]}
            />
          );
        })}
      </FormPart>
      <AmdPart project={project} />
    </>
  );
}

function AmdPart({ project }: { project: Schemas["Project"] }) {
  const { t } = useText();
  const { amd } = project;
  return (
    <FormPart title={t("dialer.amd")}>
      <Checkbox className="wide" size="xs" name="amd" label={t("dialer.amdEnabled")} defaultChecked={amd.enabled} />
      {AMD_FIELDS.map((name) => (
        <TextInput
          key={name}
          name={name}
          type="number"
          min={0}
          required
          label={t(`dialer.amdField.${name}`)}
          defaultValue={amd[name]}
        />
      ))}
    </FormPart>
  );
}
