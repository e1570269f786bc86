import { useNavigate } from "@tanstack/react-router";
import { type MouseEvent, memo, useCallback } from "react";
import type { LiveCall } from "../../api/live.ts";
import { useText } from "../../locales/text.tsx";
import { Badge } from "../../ui/Badge.tsx";
import { Phone } from "../../ui/Phone.tsx";
import { useVisibleRows } from "../../ui/use-visible-rows.ts";
import { Direction } from "../calls/CallTable.tsx";
import { Since } from "./Since.tsx";

const COLUMNS = 6;

/** Calls that ring or talk, a thousand of them as easily as ten; their clocks run here, between two words of the server. */
export function RunningCalls({ calls }: { calls: readonly LiveCall[] }) {
  const { t } = useText();
  const follow = useFollow();
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
            <CallRow key={call.id} call={call} order={first + index + 2} follow={follow} />
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

/** One function for the links of all rows: a router's link in each would cost more than the rest of the row. */
function useFollow(): (event: MouseEvent<HTMLAnchorElement>) => void {
  const navigate = useNavigate();
  return useCallback(
    (event) => {
      const id = event.currentTarget.dataset.call;
      if (id === undefined || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
      event.preventDefault();
      void navigate({ to: "/calls/$id", params: { id } });
    },
    [navigate],
  );
}

interface CallRowProps {
  call: LiveCall;
  order: number;
  follow(event: MouseEvent<HTMLAnchorElement>): void;
}

/** Drawn anew only when the call is another; its clock moves by itself. */
const CallRow = memo(function CallRow({ call, order, follow }: CallRowProps) {
  const { t } = useText();
  return (
    <tr data-row aria-rowindex={order}>
      <td data-label={t("live.state")}>
        <a href={`/calls/${call.id}`} data-call={call.id} onClick={follow}>
          <Badge tone={call.state === "talking" ? "good" : "busy"}>{t(`live.${call.state}`)}</Badge>
        </a>
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
      <td data-label={t("live.since")} className="end">
        <Since at={call.answered_at ?? call.started_at} />
      </td>
    </tr>
  );
});
