import { Link } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import type { Schemas } from "../../api/schema.gen.ts";
import { useText } from "../../locales/text.tsx";
import { Badge } from "../../ui/Badge.tsx";
import { toClock } from "../../ui/instants.ts";
import { Direction } from "../calls/CallTable.tsx";

type Call = Schemas["Call"];

const TICK_MS = 1_000;

/** Calls that ring or talk; their clocks run here, between two answers of the server. */
export function RunningCalls({ calls }: { calls: readonly Call[] }) {
  const { t } = useText();
  const nowMs = useNowMs();
  return (
    <table className="grid-table folds">
      <thead>
        <tr>
          <th scope="col">{t("live.state")}</th>
          <th scope="col">{t("call.direction")}</th>
          <th scope="col">{t("call.from")}</th>
          <th scope="col">{t("call.to")}</th>
          <th scope="col">{t("call.extension")}</th>
          <th scope="col" className="end">
            {t("live.since")}
          </th>
        </tr>
      </thead>
      <tbody>
        {calls.map((call) => (
          <tr key={call.id}>
            <td data-label={t("live.state")}>
              <Link to="/calls/$id" params={{ id: call.id }}>
                <Badge tone={call.answered_at ? "good" : "busy"}>
                  {t(call.answered_at ? "live.talking" : "live.ringing")}
                </Badge>
              </Link>
            </td>
            <td data-label={t("call.direction")}>
              <Direction direction={call.direction} />
            </td>
            <td data-label={t("call.from")} className="break">
              {call.from ?? t("call.unknown")}
            </td>
            <td data-label={t("call.to")} className="break">
              {call.to ?? t("call.unknown")}
            </td>
            <td data-label={t("call.extension")}>{call.agent_extension ?? "–"}</td>
            <td data-label={t("live.since")} className="end number">
              {toClock((nowMs - Date.parse(call.answered_at ?? call.started_at)) / 1000)}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function useNowMs(): number {
  const [nowMs, setNowMs] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNowMs(Date.now()), TICK_MS);
    return () => clearInterval(timer);
  }, []);
  return nowMs;
}
