import { Button, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api, ask } from "../../api/client.ts";
import { useText } from "../../locales/text.tsx";
import { ActionForm } from "../../ui/ActionForm.tsx";
import { useMay } from "../../ui/current-user.ts";
import { ErrorNote } from "../../ui/ErrorNote.tsx";
import { textOf } from "../../ui/form-fields.ts";
import { useAction } from "../../ui/use-action.ts";
import { AttemptStory } from "./AttemptStory.tsx";
import { Attempts } from "./Attempts.tsx";
import { ProjectChoice } from "./ProjectChoice.tsx";
import { WhyCalled } from "./WhyCalled.tsx";

const REFRESH_MS = 2_000;

/** What the dialer does now, a call to one's own phone, and what became of single calls. */
export function TestCalls() {
  const may = useMay();
  return (
    <div className="stack">
      <Now />
      {may("POST /api/v1/dial") && <TestCall />}
      <WhyCalled />
      <Attempts />
    </div>
  );
}

function Now() {
  const { t } = useText();
  const live = useQuery({
    queryKey: ["dialer-live"],
    queryFn: ({ signal }) => ask(api.GET("/api/v1/dialer/live", { signal })),
    refetchInterval: REFRESH_MS,
  });
  if (live.error) return <ErrorNote error={live.error} />;
  return (
    <dl className="figures card">
      {(["calls", "per_second", "queued"] as const).map((name) => (
        <div className="figure" key={name}>
          <dt>{t(`dialer.now.${name}`)}</dt>
          <dd>{live.data?.[name] ?? "–"}</dd>
        </div>
      ))}
    </dl>
  );
}

function TestCall() {
  const { t } = useText();
  const [attemptId, setAttemptId] = useState<string | null>(null);
  const dial = useAction({
    run: (form: FormData) =>
      ask(
        api.POST("/api/v1/dial", {
          body: { project_id: textOf(form, "project_id"), number: textOf(form, "number"), test: true },
        }),
      ),
    done: t("dialer.testPlaced"),
    onDone: ({ attempt_id }) => setAttemptId(attempt_id),
  });
  return (
    <ActionForm className="card" action={dial}>
      <h2>{t("dialer.testCall")}</h2>
      <p className="quiet small">{t("dialer.testHint")}</p>
      <div className="filters">
        <ProjectChoice name="project_id" label={t("dialer.ofProject")} required />
        <TextInput name="number" label={t("dialer.yourNumber")} required maxLength={40} autoComplete="tel" />
        <Button type="submit" loading={dial.isPending}>
          {t("dialer.callMe")}
        </Button>
      </div>
      {attemptId && <AttemptStory id={attemptId} />}
    </ActionForm>
  );
}
