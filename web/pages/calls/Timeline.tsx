import type { Schemas } from "../../api/schema.gen.ts";
import { useText } from "../../locales/text.tsx";
import { useNumberText } from "../../ui/phone-numbers.ts";
import { Said, useSaid } from "../../ui/Said.tsx";
import { Time } from "../../ui/Time.tsx";

const OUTCOMES = ["delivered", "retry", "rejected", "hold", "lost"] as const;
type Entry = Schemas["CallDetail"]["timeline"][number];

/** What was told about the call and what was done with it, oldest first. */
export function Timeline({ entries }: { entries: readonly Entry[] }) {
  const { t } = useText();
  if (entries.length === 0) return <p className="quiet">{t("timeline.none")}</p>;
  return (
    <ol className="story">
      {entries.map((entry, order) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: entries have no id, and the story only grows at its end
        <li key={order} className={entry.kind}>
          <div className="row">
            <Time at={entry.at} seconds />
            <span className="quiet small">
              {entry.kind === "fact" ? t("timeline.told", { source: entry.source ?? "?" }) : entry.connection}
            </span>
          </div>
          {entry.kind === "fact" ? (
            <div className="break">
              <Fact entry={entry} />
            </div>
          ) : (
            <AttemptLine entry={entry} />
          )}
          {entry.raw !== null && entry.raw !== undefined && <Raw entry={entry} />}
        </li>
      ))}
    </ol>
  );
}

/** Numbers in it are written as the person wants them everywhere. */
function Fact({ entry: { text, text_code: code, text_values: values } }: { entry: Entry }) {
  const say = useSaid();
  const toNumberText = useNumberText();
  return say({ text, code, values }).replaceAll(/\+\d{8,15}(?!\d)/g, (number) => toNumberText(number));
}

function AttemptLine({ entry }: { entry: Entry }) {
  const { t } = useText();
  const { number, duration_ms, reason, reason_code, reason_values } = entry;
  const outcome = OUTCOMES.find((one) => one === entry.outcome);
  return (
    <div className="break">
      {t("timeline.attempt", { number: number ?? 0, ms: duration_ms ?? 0 })}
      {outcome && `: ${t(`attempt.${outcome}`)}`}
      {reason && (
        <>
          . <Said text={reason} code={reason_code} values={reason_values} />
        </>
      )}
    </div>
  );
}

function Raw({ entry }: { entry: Entry }) {
  const { t } = useText();
  return (
    <details>
      <summary className="small quiet">{t("timeline.raw")}</summary>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: WCAG 2.1.1 wants scrolled regions to be reachable */}
      <pre className="body" tabIndex={0}>
        {JSON.stringify(entry.raw, null, 2)}
      </pre>
    </details>
  );
}
