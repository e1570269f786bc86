import { TextInput } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { useDeferredValue, useState } from "react";
import type { LiveCall } from "../../api/live.ts";
import { useText } from "../../locales/text.tsx";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { ErrorNote } from "../../ui/ErrorNote.tsx";
import { Loading } from "../../ui/Loading.tsx";
import { RunningCalls } from "./RunningCalls.tsx";
import { useLive } from "./use-live.ts";

/** So many calls are seen at a glance; of more, one looks for some. */
const GLANCE = 12;

/** The calls that ring and talk, with a way to find one among many. */
export function CallsNow() {
  const { t } = useText();
  const calls = useLive((picture) => picture.calls);
  const more = useLive((picture) => picture.more);
  const mode = useLive((picture) => picture.mode);
  const error = useLive((picture) => picture.error);
  const [wanted, setWanted] = useState("");
  const shown = useDeferredValue(toFound(calls, wanted.trim()));
  const talking = calls.filter(({ state }) => state === "talking").length;
  return (
    <section className="card card-flush live-calls" aria-label={t("live.calls")}>
      <div className="card-head row spread">
        <h2>{t("live.calls")}</h2>
        <span className="row">
          {(calls.length > GLANCE || wanted !== "") && (
            <TextInput
              type="search"
              aria-label={t("live.find")}
              placeholder={t("live.find")}
              value={wanted}
              onChange={(event) => setWanted(event.currentTarget.value)}
            />
          )}
          <span className="figure-inline number" role="status">
            {t("live.count", { count: calls.length })}
            {more && "+"}
            {calls.length > 0 && ` · ${t("live.talkingCount", { count: talking })}`}
          </span>
        </span>
      </div>
      {error !== null && <ErrorNote error={error} />}
      {mode === "waiting" && error === null && <Loading />}
      {calls.length > 0 && <RunningCalls calls={shown} />}
      {mode !== "waiting" && calls.length === 0 && (
        <EmptyState title={t("live.none")} action={<Link to="/calls">{t("live.past")}</Link>}>
          {t("live.noneText")}
        </EmptyState>
      )}
    </section>
  );
}

/** By a part of a number, an extension, a trunk or a PBX. */
function toFound(calls: readonly LiveCall[], wanted: string): readonly LiveCall[] {
  if (wanted === "") return calls;
  const digits = wanted.replaceAll(/[\s().-]/g, "");
  const has = (text: string | null, part: string): boolean => text?.toLowerCase().includes(part.toLowerCase()) ?? false;
  return calls.filter(
    ({ from, to, agent_extension, trunk, pbx }) =>
      (digits !== "" && (has(from, digits) || has(to, digits))) ||
      [agent_extension, trunk, pbx].some((text) => has(text, wanted)),
  );
}
