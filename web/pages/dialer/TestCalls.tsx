import { Button, NativeSelect, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { api, ask } from "../../api/client.ts";
import { useText } from "../../locales/text.tsx";
import { useMay } from "../../ui/current-user.ts";
import { ErrorNote } from "../../ui/ErrorNote.tsx";
import { useAction } from "../../ui/use-action.ts";
import { Attempts } from "./Attempts.tsx";
import { useProjects } from "./lists.ts";
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
  const projects = useProjects();
  const [attemptId, setAttemptId] = useState<string | null>(null);
  const dial = useAction({
    run: (form: FormData) =>
      ask(
        api.POST("/api/v1/dial", {
          body: { project_id: String(form.get("project_id")), number: String(form.get("number")).trim(), test: true },
        }),
      ),
    done: t("dialer.testPlaced"),
    onDone: ({ attempt_id }) => setAttemptId(attempt_id),
  });
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    dial.mutate(new FormData(event.currentTarget));
  };
  return (
    <form className="card" onSubmit={submit}>
      <h2>{t("dialer.testCall")}</h2>
      <p className="quiet small">{t("dialer.testHint")}</p>
      <div className="filters">
        <NativeSelect
          name="project_id"
          label={t("dialer.ofProject")}
          data={(projects.data?.items ?? []).map(({ id, name }) => ({ value: id, label: name }))}
        />
        <TextInput name="number" label={t("dialer.yourNumber")} required maxLength={40} autoComplete="tel" />
        <Button type="submit" loading={dial.isPending}>
          {t("dialer.callMe")}
        </Button>
      </div>
      {dial.error && <ErrorNote error={dial.error} />}
      {attemptId && <TestState id={attemptId} />}
    </form>
  );
}

function TestState({ id }: { id: string }) {
  const { t } = useText();
  const attempt = useQuery({
    queryKey: ["attempt", id],
    queryFn: ({ signal }) => ask(api.GET("/api/v1/attempts/{id}", { signal, params: { path: { id } } })),
    refetchInterval: ({ state }) => (state.data?.state === "ended" ? false : REFRESH_MS),
  });
  const { data } = attempt;
  return (
    <p className="note note-info" role="status">
      {data ? t(`dialer.attempt.${data.state}`) : t("loading")}
      {data?.disposition && ` · ${t(`dialer.disposition.${data.disposition}`)}`}
    </p>
  );
}
