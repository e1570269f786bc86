import type { Schemas } from "../../api/schema.gen.ts";
import { useText } from "../../locales/text.tsx";
import { toDayName } from "./week.ts";

type Pack = Schemas["PolicyPack"];
const DAYS = ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"] as const;

/** What a policy says, in the order in which people ask. */
export function PolicyRules({ pack, isOpen = false }: { pack: Pack; isOpen?: boolean }) {
  const { t, language } = useText();
  return (
    <details className="small" open={isOpen}>
      <summary>{t("dialer.rules")}</summary>
      <dl className="facts">
        <dt>{t("dialer.countries")}</dt>
        <dd>{pack.countries.join(", ")}</dd>
        {DAYS.map((day, weekday) => (
          <Pair
            key={day}
            term={toDayName(weekday, language)}
            value={pack.windows[day].map(({ from, to }) => `${from}–${to}`).join(", ") || t("dialer.noCalls")}
          />
        ))}
        <dt>{t("dialer.caps")}</dt>
        <dd>
          {pack.caps.map((cap) => (
            <div key={JSON.stringify(cap)}>{toCapText(cap, t)}</div>
          ))}
          {pack.caps.length === 0 && "–"}
        </dd>
        <Pair term={t("dialer.consent")} value={t(`dialer.consentIs.${pack.consent}`)} />
        <Pair term={t("dialer.ringMinimum")} value={`${pack.ring_seconds_min} s`} />
        <Pair term={t("dialer.recordingNotice")} value={pack.recording_notice ? t("dialer.yes") : t("dialer.no")} />
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
  const { max, within_days, within_calendar } = cap;
  if (within_days !== undefined) return t("dialer.capDays", { max, days: within_days });
  return within_calendar === undefined ? String(max) : t(`dialer.capIn.${within_calendar}`, { max });
}
