import type { Schemas } from "../api/schema.gen.ts";
import { useText } from "../locales/text.tsx";
import { Badge, type Tone } from "./Badge.tsx";
import { Said } from "./Said.tsx";

type Report = Schemas["CheckReport"];

const TONES: Record<Report["findings"][number]["level"], Tone> = { ok: "good", warning: "warn", error: "bad" };

/** What a check found, and how to mend it. */
export function Findings({ report }: { report: Report }) {
  const { t } = useText();
  return (
    <div className="stack findings" role="status">
      <div className={`note ${report.ok ? "note-good" : "note-bad"}`}>{t(report.ok ? "check.ok" : "check.bad")}</div>
      <ul className="plain">
        {report.findings.map(({ level, subject, message, code, values, mend, mend_code, mend_values }) => (
          <li key={`${subject} ${message}`}>
            <div className="row">
              <Badge tone={TONES[level]}>{t(level === "ok" ? "check.fine" : `check.${level}`)}</Badge>
              <span className="mono">{subject}</span>
            </div>
            <div className="break">
              <Said text={message} code={code} values={values} />
            </div>
            {mend && (
              <pre className="body">
                <Said text={mend} code={mend_code} values={mend_values} />
              </pre>
            )}
          </li>
        ))}
      </ul>
    </div>
  );
}
