import { useText } from "../../locales/text.tsx";
import { fromRanges, type Pack, POLICY_DAYS } from "./policy-form.ts";
import { toDayName } from "./week.ts";

/** What a policy says, in the order in which people ask. */
export function PolicyRules({ pack, isOpen = false }: { pack: Pack; isOpen?: boolean }) {
  const { t, language } = useText();
  const yesNo = (is: boolean): string => t(is ? "dialer.yes" : "dialer.no");
  return (
    <details className="small" open={isOpen}>
      <summary>{t("dialer.rules")}</summary>
      <dl className="facts">
        <dt>{t("dialer.countries")}</dt>
        <dd>{pack.countries.join(", ")}</dd>
        {POLICY_DAYS.map((day, at) => (
          <Pair
            key={day}
            term={toDayName((at + 1) % POLICY_DAYS.length, language)}
            value={fromRanges(pack.windows[day]) || t("dialer.noCalls")}
          />
        ))}
        <dt>{t("dialer.caps")}</dt>
        <dd>
          {pack.caps.map((cap) => (
            <div key={JSON.stringify(cap)}>{toCapText(cap, t)}</div>
          ))}
          {pack.caps.length === 0 && "–"}
        </dd>
        <Pair term={t("dialer.holidays")} value={fromRanges(pack.holidays.windows) || t("dialer.noCalls")} />
        <Pair term={t("dialer.holidayDates")} value={pack.holidays.dates.join(", ") || "–"} />
        <Pair term={t("dialer.knownUntil")} value={pack.holidays.known_until ?? "–"} />
        <Pair term={t("dialer.marginMinutes")} value={String(pack.margin_minutes)} />
        <Pair term={t("dialer.afterConversation")} value={String(pack.after_conversation_days ?? "–")} />
        <Pair term={t("dialer.afterAbandoned")} value={String(pack.after_abandoned_hours ?? "–")} />
        <Pair term={t("dialer.callerIdRequired")} value={yesNo(pack.caller_id.required)} />
        <Pair term={t("dialer.mobileAllowed")} value={yesNo(pack.caller_id.mobile_allowed)} />
        <Pair term={t("dialer.rotationAllowed")} value={yesNo(pack.caller_id.rotation_allowed)} />
        <Pair term={t("dialer.consent")} value={t(`dialer.consentIs.${pack.consent}`)} />
        <Pair term={t("dialer.ringMinimum")} value={`${pack.ring_seconds_min} s`} />
        <Pair term={t("dialer.holdsByHand")} value={yesNo(pack.holds_by_hand)} />
        <Pair term={t("dialer.recordingNotice")} value={yesNo(pack.recording_notice)} />
        <Pair term={t("dialer.abandonedPercent")} value={`${Math.round(pack.abandoned_share_max * 1000) / 10} %`} />
      </dl>
      {pack.sources.length > 0 && <p className="quiet break">{pack.sources.join(" · ")}</p>}
    </details>
  );
}

function Pair({ term, value }: { term: string; value: string }) {
  return (
    <>
      <dt>{term}</dt>
      <dd>{value}</dd>
    </>
  );
}

function toCapText(cap: Pack["caps"][number], t: ReturnType<typeof useText>["t"]): string {
  const { per, max, within_days, within_calendar } = cap;
  const whom = t(`dialer.capPerIs.${per}`);
  if (within_days !== undefined) return t("dialer.capDays", { max, whom, days: within_days });
  return within_calendar === undefined ? String(max) : t(`dialer.capIn.${within_calendar}`, { max, whom });
}
