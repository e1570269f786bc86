import { Checkbox, NativeSelect, Textarea, TextInput } from "@mantine/core";
import { AUDIO_PROMPT_NAME, type Schemas } from "../../api/schema.gen.ts";
import { useText } from "../../locales/text.tsx";
import { FormPart } from "./FormPart.tsx";
import { useAudios } from "./lists.ts";

const KEYS = [..."0123456789*#"];

/** What a callee hears, which keys mean what, and what an answering machine is told. */
export function ProjectSpeech({ project }: { project: Schemas["Project"] }) {
  const { t } = useText();
  const { ivr } = project;
  return (
    <>
      <FormPart title={t("dialer.message")} isOpen>
        <AudioChoice name="audio_id" label={t("dialer.audio")} none={t("dialer.noAudio")} value={ivr.audio_id} />
        <Textarea
          className="wide"
          size="xs"
          name="text"
          label={t("dialer.text")}
          description={t("dialer.projectTextHint")}
          maxLength={1500}
          rows={3}
          defaultValue={ivr.text ?? ""}
        />
        <KeyChoice name="expected_digit" label={t("dialer.expectedDigit")} value={ivr.expected_digit} />
        <KeyChoice name="opt_out_digit" label={t("dialer.optOutDigit")} value={ivr.opt_out_digit} />
        <NumberField name="digit_attempts" label={t("dialer.digitAttempts")} max={5} value={ivr.digit_attempts} />
        <NumberField
          name="digit_wait_seconds"
          label={t("dialer.digitWait")}
          max={60}
          value={ivr.digit_wait_ms / 1000}
        />
        <Checkbox size="xs" name="barge_in" label={t("dialer.bargeIn")} defaultChecked={ivr.barge_in} />
      </FormPart>
      <FormPart title={t("dialer.overflow")} isOpen={ivr.overflow !== null}>
        <NativeSelect
          name="overflow_kind"
          label={t("dialer.overflowKind")}
          defaultValue={ivr.overflow?.kind ?? "number"}
          data={(["number", "extension"] as const).map((value) => ({ value, label: t(`dialer.overflowIs.${value}`) }))}
        />
        <TextInput
          name="overflow"
          label={t("dialer.overflowTo")}
          defaultValue={ivr.overflow ? toOverflowText(ivr.overflow) : ""}
        />
        <NumberField
          name="overflow_ring_seconds"
          label={t("dialer.ringSeconds")}
          max={120}
          value={ivr.overflow_ring_seconds}
        />
      </FormPart>
      <FormPart title={t("dialer.ownPrompts")}>
        {AUDIO_PROMPT_NAME.map((name) => (
          <AudioChoice
            key={name}
            name={`prompt ${name}`}
            label={t(`dialer.prompt.${name}`)}
            none={t("dialer.builtIn")}
            value={ivr.prompts[name]}
          />
        ))}
      </FormPart>
      <FormPart title={t("dialer.machines")}>
        <NativeSelect
          name="on_machine"
          label={t("dialer.onMachine")}
          defaultValue={ivr.on_machine}
          data={(["hang_up", "leave_message"] as const).map((value) => ({
            value,
            label: t(`dialer.onMachineIs.${value}`),
          }))}
        />
        <AudioChoice
          name="machine_audio_id"
          label={t("dialer.machineAudio")}
          none={t("dialer.sameMessage")}
          value={ivr.machine_audio_id}
        />
      </FormPart>
    </>
  );
}

const toOverflowText = (to: NonNullable<Schemas["Project"]["ivr"]["overflow"]>): string =>
  to.kind === "extension" ? to.extension : to.number;

interface ChoiceProps {
  name: string;
  label: string;
  value: string | null | undefined;
}

function AudioChoice({ name, label, value, none }: ChoiceProps & { none: string }) {
  const audios = useAudios();
  const items = audios.data?.items ?? [];
  return (
    <NativeSelect
      key={audios.data ? "there" : "awaited"}
      name={name}
      label={label}
      defaultValue={value ?? ""}
      data={[
        { value: "", label: none },
        // One that is not in the list is kept all the same.
        ...(value && !items.some(({ id }) => id === value) ? [{ value, label: value }] : []),
        ...items.map((audio) => ({ value: audio.id, label: audio.name })),
      ]}
    />
  );
}

function KeyChoice({ name, label, value }: ChoiceProps) {
  const { t } = useText();
  return (
    <NativeSelect
      name={name}
      label={label}
      defaultValue={value ?? ""}
      data={[{ value: "", label: t("dialer.noKey") }, ...KEYS.map((key) => ({ value: key, label: key }))]}
    />
  );
}

function NumberField({ name, label, max, value }: { name: string; label: string; max: number; value: number }) {
  return <TextInput name={name} type="number" min={1} max={max} required label={label} defaultValue={value} />;
}
