import { Button, Checkbox, NativeSelect, Textarea, TextInput } from "@mantine/core";
import { useState } from "react";
import { api, ask } from "../../api/client.ts";
import { POLICY_PACK_CONSENT, type Schemas } from "../../api/schema.gen.ts";
import { type TextKey, useText } from "../../locales/text.tsx";
import { ActionForm } from "../../ui/ActionForm.tsx";
import { useAction } from "../../ui/use-action.ts";
import { FormPart } from "./FormPart.tsx";
import { PolicyCaps } from "./PolicyCaps.tsx";
import { fromRanges, type Pack, POLICY_DAYS, toPolicyBody } from "./policy-form.ts";
import { toDayName } from "./week.ts";

interface PolicyFormProps {
  policy: Schemas["Policy"];
  onDone(): void;
}

/** The house's own copy of the rules. What is saved is a new version, under which nobody is called until somebody takes it over. */
export function PolicyForm({ policy, onDone }: PolicyFormProps) {
  const { t } = useText();
  const [round] = useState(policy); // what was opened is edited, whatever is asked for anew meanwhile
  const { id, name, pack } = round;
  const save = useAction({
    run: (form: FormData) =>
      ask(api.PATCH("/api/v1/dialer/policies/{id}", { params: { path: { id } }, body: toPolicyBody(form) })),
    done: t("dialer.policySaved"),
    onDone,
  });
  return (
    <ActionForm action={save}>
      <p className="note note-warn">{t("dialer.policyEditWarning")}</p>
      <div className="form-grid">
        <TextInput name="name" label={t("dialer.name")} required maxLength={120} defaultValue={name} />
        <TextInput name="title" label={t("dialer.policyTitle")} required maxLength={300} defaultValue={pack.title} />
        <TextInput
          name="countries"
          label={t("dialer.countries")}
          description={t("dialer.countriesHint")}
          required
          defaultValue={pack.countries.join(" ")}
        />
      </div>
      <Hours pack={pack} />
      <FormPart title={t("dialer.caps")} isOpen>
        <PolicyCaps caps={pack.caps} />
        <NumberField
          name="after_conversation_days"
          label="dialer.afterConversation"
          max={30}
          value={pack.after_conversation_days}
        />
        <NumberField
          name="after_abandoned_hours"
          label="dialer.afterAbandoned"
          max={720}
          value={pack.after_abandoned_hours}
        />
      </FormPart>
      <Manners pack={pack} />
      <FormPart title={t("dialer.sources")}>
        <Textarea
          className="wide"
          size="xs"
          name="sources"
          label={t("dialer.sources")}
          description={t("dialer.oneALine")}
          rows={4}
          defaultValue={pack.sources.join("\n")}
        />
      </FormPart>
      <Button type="submit" loading={save.isPending}>
        {t("dialer.savePolicy")}
      </Button>
    </ActionForm>
  );
}

function Hours({ pack }: { pack: Pack }) {
  const { t, language } = useText();
  const { holidays, windows } = pack;
  return (
    <FormPart title={t("dialer.hours")} isOpen>
      <p className="quiet small wide">{t("dialer.policyHoursHint")}</p>
      {POLICY_DAYS.map((day, at) => (
        <TextInput
          key={day}
          name={`hours ${day}`}
          label={toDayName((at + 1) % POLICY_DAYS.length, language)}
          placeholder={t("dialer.noCalls")}
          defaultValue={fromRanges(windows[day])}
        />
      ))}
      <TextInput
        name="hours holidays"
        label={t("dialer.holidays")}
        placeholder={t("dialer.noCalls")}
        defaultValue={fromRanges(holidays.windows)}
      />
      <TextInput
        name="known_until"
        type="date"
        label={t("dialer.knownUntil")}
        description={t("dialer.knownUntilHint")}
        defaultValue={holidays.known_until ?? ""}
      />
      <NumberField
        name="margin_minutes"
        label="dialer.marginMinutes"
        min={0}
        max={120}
        required
        value={pack.margin_minutes}
      />
      <Textarea
        className="wide"
        size="xs"
        name="holiday_dates"
        label={t("dialer.holidayDates")}
        description={t("dialer.holidayDatesHint")}
        rows={3}
        defaultValue={holidays.dates.join(" ")}
      />
    </FormPart>
  );
}

function Manners({ pack }: { pack: Pack }) {
  const { t } = useText();
  const { caller_id } = pack;
  const check = (name: string, label: TextKey, isChecked: boolean) => (
    <Checkbox size="xs" name={name} label={t(label)} defaultChecked={isChecked} />
  );
  return (
    <FormPart title={t("dialer.manners")} isOpen>
      <NativeSelect
        name="consent"
        label={t("dialer.consentAtLeast")}
        defaultValue={pack.consent}
        data={POLICY_PACK_CONSENT.map((value) => ({ value, label: t(`dialer.consentIs.${value}`) }))}
      />
      <NumberField
        name="ring_seconds_min"
        label="dialer.ringMinimum"
        min={5}
        max={60}
        required
        value={pack.ring_seconds_min}
      />
      <TextInput
        name="abandoned_percent"
        type="number"
        min={0}
        max={10}
        step="0.1"
        required
        label={t("dialer.abandonedPercent")}
        defaultValue={Math.round(pack.abandoned_share_max * 1000) / 10}
      />
      {check("holds_by_hand", "dialer.holdsByHand", pack.holds_by_hand)}
      {check("recording_notice", "dialer.recordingNotice", pack.recording_notice)}
      {check("caller_id_required", "dialer.callerIdRequired", caller_id.required)}
      {check("mobile_allowed", "dialer.mobileAllowed", caller_id.mobile_allowed)}
      {check("rotation_allowed", "dialer.rotationAllowed", caller_id.rotation_allowed)}
    </FormPart>
  );
}

interface NumberFieldProps {
  name: string;
  label: TextKey;
  min?: number;
  max: number;
  required?: boolean;
  value: number | null;
}

function NumberField({ name, label, min = 1, max, required = false, value }: NumberFieldProps) {
  const { t } = useText();
  return (
    <TextInput
      {...{ name, min, max, required, type: "number", label: t(label), defaultValue: value ?? "" }}
      {...(!required && { description: t("dialer.emptyIsNone") })}
    />
  );
}
