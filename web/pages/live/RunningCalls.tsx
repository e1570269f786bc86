import { Link } from "@tanstack/react-router";
import { memo, useEffect, useState } from "react";
import type { LiveCall } from "../../api/live.ts";
import { useText } from "../../locales/text.tsx";
import { Badge } from "../../ui/Badge.tsx";
import { toClock } from "../../ui/instants.ts";
import { Phone } from "../../ui/Phone.tsx";
import { useVisibleRows } from "../../ui/use-visible-rows.ts";
import { Direction } from "../calls/CallTable.tsx";

const TICK_MS = 1_000;
const COLUMNS = 6;

/** Calls that ring or talk, a thousand of them as easily as ten; their clocks run here, between two words of the server. */
export function RunningCalls({ calls }: { calls: readonly LiveCall[] }) {
  const { t } = useText();
  const nowMs = useNowMs();
  const { box, onScroll, first, end, abovePx, belowPx } = useVisibleRows(calls.length);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: WCAG 2.1.1 wants scrolled regions to be reachable
    <section className="live-box" ref={box} onScroll={onScroll} tabIndex={0} aria-label={t("live.list")}>
      <table className="grid-table folds live-table" aria-rowcount={calls.length + 1}>
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
          <Gap heightPx={abovePx} />
          {calls.slice(first, end).map((call, index) => (
            <CallRow key={call.id} call={call} order={first + index + 2} clock={toSince(call, nowMs)} />
          ))}
          <Gap heightPx={belowPx} />
        </tbody>
      </table>
    </section>
  );
}

function Gap({ heightPx }: { heightPx: number }) {
  if (heightPx === 0) return null;
  return (
    <tr className="gap" style={{ height: heightPx }}>
      <td colSpan={COLUMNS} />
    </tr>
  );
}

const toSince = (call: LiveCall, nowMs: number): string =>
  toClock((nowMs - Date.parse(call.answered_at ?? call.started_at)) / 1000);

/** Drawn anew only when the call or its clock is another. */
const CallRow = memo(function CallRow({ call, order, clock }: { call: LiveCall; order: number; clock: string }) {
  const { t } = useText();
  return (
    <tr data-row aria-rowindex={order}>
      <td data-label={t("live.state")}>
        <Link to="/calls/$id" params={{ id: call.id }} preload={false}>
          <Badge tone={call.state === "talking" ? "good" : "busy"}>{t(`live.${call.state}`)}</Badge>
        </Link>
      </td>
      <td data-label={t("call.direction")}>
        <Direction direction={call.direction} />
      </td>
      <td data-label={t("call.from")} className="break">
        <Phone number={call.from} />
      </td>
      <td data-label={t("call.to")} className="break">
        <Phone number={call.to} />
      </td>
      <td data-label={t("call.extension")}>{call.agent_extension ?? "–"}</td>
      <td data-label={t("live.since")} className="end number">
        {clock}
      </td>
    </tr>
  );
});

function useNowMs(): number {
  const [nowMs, setNowMs] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNowMs(Date.now()), TICK_MS);
    return () => clearInterval(timer);
  }, []);
  return nowMs;
}
