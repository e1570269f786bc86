import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { api, ask } from "../../api/client.ts";
import type { Schemas } from "../../api/schema.gen.ts";
import { useText } from "../../locales/text.tsx";
import { ErrorNote } from "../../ui/ErrorNote.tsx";
import { useNumberText } from "../../ui/phone-numbers.ts";
import { Time } from "../../ui/Time.tsx";
import { toOutcomeText } from "./attempt-columns.tsx";
import { toNames, useTrunks } from "./lists.ts";

const WATCHED_MS = 500;

/** One call as it happens: it waits, rings, is answered, a key is pressed, it ends. */
export function AttemptStory({ id }: { id: string }) {
  const { t } = useText();
  const attempt = useQuery({
    queryKey: ["attempt", id],
    queryFn: ({ signal }) => ask(api.GET("/api/v1/attempts/{id}", { signal, params: { path: { id } } })),
    refetchInterval: ({ state }) => (state.data?.state === "ended" ? false : WATCHED_MS),
  });
  return (
    <section aria-label={t("dialer.testStory")} aria-live="polite">
      {attempt.error && <ErrorNote error={attempt.error} onRetry={() => void attempt.refetch()} />}
      {attempt.data && <Story attempt={attempt.data} />}
    </section>
  );
}

function Story({ attempt }: { attempt: Schemas["DialAttempt"] }) {
  const { t } = useText();
  const write = useNumberText();
  const trunkOf = toNames(useTrunks().data?.items);
  const { queued_at, dialed_at, answered_at, ended_at, trunk_id, caller_id, amd, digit } = attempt;
  const shown = caller_id !== null && write(caller_id);
  const over = [trunk_id !== null && trunkOf(trunk_id), shown].filter(Boolean).join(" · ");
  return (
    <>
      <ol className="story">
        <Step at={queued_at}>{t("dialer.step.queued")}</Step>
        <Step at={dialed_at}>
          {t("dialer.step.dialed")} {over !== "" && <span className="quiet small">{over}</span>}
        </Step>
        <Step at={answered_at}>{t("dialer.step.answered")}</Step>
        {amd && <Step at={answered_at}>{t("dialer.step.amd", { status: amd.status })}</Step>}
        {digit !== null && <Step at={ended_at ?? answered_at}>{t("dialer.step.digit", { digit })}</Step>}
        <Step at={ended_at}>
          {t("dialer.step.ended")} {ended_at && <strong>{toOutcomeText(attempt, t)}</strong>}
        </Step>
      </ol>
      {ended_at && <CallLink attemptId={attempt.id} />}
    </>
  );
}

/** A step that has come; others are not told before. */
function Step({ at, children }: { at: string | null; children: ReactNode }) {
  if (at === null) return null;
  return (
    <li>
      <Time at={at} seconds /> {children}
    </li>
  );
}

/** The call's own page has its facts, its recording and what the CRMs were told. */
function CallLink({ attemptId }: { attemptId: string }) {
  const { t } = useText();
  const call = useQuery({
    queryKey: ["call-of-attempt", attemptId],
    queryFn: ({ signal }) =>
      ask(api.GET("/api/v1/calls", { signal, params: { query: { call_uuid: attemptId, limit: 1 } } })),
    refetchInterval: ({ state }) =>
      state.data?.items.length === 0 && state.dataUpdateCount < ASKED_MAX ? WATCHED_MS : false,
  });
  const found = call.data?.items[0];
  if (!found) return null;
  return (
    <Link to="/calls/$id" params={{ id: found.id }}>
      {t("dialer.toCall")}
    </Link>
  );
}

/** The call log hears of it a moment later. */
const ASKED_MAX = 20;
