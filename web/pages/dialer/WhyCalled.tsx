import { Button, NativeSelect, TextInput } from "@mantine/core";
import type { FormEvent } from "react";
import { api, ask } from "../../api/client.ts";
import type { Schemas } from "../../api/schema.gen.ts";
import { useText } from "../../locales/text.tsx";
import { Badge } from "../../ui/Badge.tsx";
import { ErrorNote } from "../../ui/ErrorNote.tsx";
import { Time } from "../../ui/Time.tsx";
import { useAction } from "../../ui/use-action.ts";
import { useProjects } from "./lists.ts";

type Why = Schemas["Why"];

/** Why a number was called, or was not: every rule with what it looked at. */
export function WhyCalled() {
  const { t } = useText();
  const projects = useProjects();
  const look = useAction({
    run: (form: FormData) => {
      const project_id = String(form.get("project_id"));
      const query = { number: String(form.get("number")).trim(), ...(project_id !== "" && { project_id }) };
      return ask(api.GET("/api/v1/dialer/why", { params: { query } }));
    },
  });
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    look.mutate(new FormData(event.currentTarget));
  };
  return (
    <form className="card stack" onSubmit={submit}>
      <h2>{t("dialer.why")}</h2>
      <div className="filters">
        <TextInput name="number" label={t("dialer.number")} required maxLength={40} autoComplete="off" />
        <NativeSelect
          name="project_id"
          label={t("dialer.project")}
          data={(projects.data?.items ?? []).map(({ id, name }) => ({ value: id, label: name }))}
        />
        <Button type="submit" variant="default" loading={look.isPending}>
          {t("dialer.askWhy")}
        </Button>
      </div>
      {look.error && <ErrorNote error={look.error} />}
      {look.data && <Answer why={look.data} />}
    </form>
  );
}

function Answer({ why }: { why: Why }) {
  const { t } = useText();
  const { now, calls, blocks } = why;
  return (
    <div className="stack" role="status">
      {now && (
        <p className={now.allowed ? "note note-good" : "note note-warn"}>
          {now.allowed ? t("dialer.mayBeCalled") : t("dialer.mayNotBeCalled")}
          {now.rule && ` ${t(`dialer.ruleIs.${now.rule}`)}.`}
          {now.next_at && (
            <>
              {" "}
              {t("dialer.nextAt")}: <Time at={now.next_at} />
            </>
          )}
        </p>
      )}
      {now && (
        <ul className="plain">
          {now.checks.map(({ rule, passed }) => (
            <li key={rule} className="row">
              <Badge tone={passed ? "good" : "bad"}>{passed ? t("dialer.passed") : t("dialer.notPassed")}</Badge>
              {t(`dialer.ruleIs.${rule}`)}
            </li>
          ))}
        </ul>
      )}
      <p className="small">{t("dialer.whyCounts", { calls: calls.length, blocks: blocks.length })}</p>
    </div>
  );
}
