// A policy's form, there and back. What is no hour or no date goes as it was typed: the server says which field it is.
import { POLICY_PACK_CONSENT, type paths, type Schemas } from "../../api/schema.gen.ts";
import { numberOf, textOf } from "../../ui/form-fields.ts";

export type Pack = Schemas["PolicyPack"];
type Cap = Pack["caps"][number];
type Body = paths["/api/v1/dialer/policies/{id}"]["patch"]["requestBody"]["content"]["application/json"];

/** As weeks begin for the people who use the console; 0 is Sunday in the names of days. */
export const POLICY_DAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"] as const;
export const CAP_UNITS = ["days", "day", "week", "month"] as const;

/** `09:00–13:00, 15:00–20:00`; nothing: no calls. */
export const fromRanges = (ranges: Pack["windows"]["monday"]): string =>
  ranges.map(({ from, to }) => `${from}–${to}`).join(", ");

export function toRanges(text: string): Pack["windows"]["monday"] {
  return text
    .split(",")
    .map((range) => range.trim())
    .filter((range) => range !== "")
    .map((range) => {
      const [from = "", to = ""] = range.split(/\s*[-–—]\s*/);
      return { from, to };
    });
}

/** How the form says over which time a cap counts. */
export const toCapUnit = ({ within_calendar }: Cap): (typeof CAP_UNITS)[number] => within_calendar ?? "days";

export function toPolicyBody(form: FormData): Body {
  const lines = (name: string): string[] =>
    textOf(form, name)
      .split("\n")
      .map((line) => line.trim())
      .filter((line) => line !== "");
  const isOn = (name: string): boolean => form.get(name) !== null;
  const hours = (name: string) => toRanges(textOf(form, `hours ${name}`));
  const pack: NonNullable<Body["pack"]> = {
    title: textOf(form, "title"),
    sources: lines("sources"),
    countries: textOf(form, "countries")
      .toUpperCase()
      .split(/[\s,]+/)
      .filter(Boolean),
    windows: {
      ...{ monday: hours("monday"), tuesday: hours("tuesday"), wednesday: hours("wednesday") },
      ...{ thursday: hours("thursday"), friday: hours("friday"), saturday: hours("saturday"), sunday: hours("sunday") },
    },
    holidays: {
      dates: textOf(form, "holiday_dates")
        .split(/[\s,]+/)
        .filter(Boolean),
      windows: hours("holidays"),
      known_until: textOf(form, "known_until") || null,
    },
    margin_minutes: numberOf(form, "margin_minutes") ?? 0,
    caps: toCaps(form),
    after_conversation_days: numberOf(form, "after_conversation_days"),
    after_abandoned_hours: numberOf(form, "after_abandoned_hours"),
    ring_seconds_min: numberOf(form, "ring_seconds_min") ?? 0,
    consent: POLICY_PACK_CONSENT.find((one) => one === textOf(form, "consent")) ?? "express_written",
    recording_notice: isOn("recording_notice"),
    holds_by_hand: isOn("holds_by_hand"),
    caller_id: {
      required: isOn("caller_id_required"),
      mobile_allowed: isOn("mobile_allowed"),
      rotation_allowed: isOn("rotation_allowed"),
    },
    abandoned_share_max: (numberOf(form, "abandoned_percent") ?? 0) / 100,
  };
  return { name: textOf(form, "name"), pack };
}

/** A cap has four fields, each in the order of its row. */
function toCaps(form: FormData): Cap[] {
  const all = (name: string): string[] => form.getAll(name).map(String);
  const [pers, units, days] = [all("cap_per"), all("cap_unit"), all("cap_days")];
  return all("cap_max").map((max, row): Cap => {
    const unit = CAP_UNITS.find((one) => one === units[row]) ?? "days";
    const per = pers[row] === "debt" ? "debt" : "number";
    if (unit === "days") return { per, max: Number(max), within_days: Number(days[row]) || 1 };
    return { per, max: Number(max), within_calendar: unit };
  });
}
