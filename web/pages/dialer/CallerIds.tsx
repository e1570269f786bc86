import { Button, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { type FormEvent, useRef } from "react";
import { api, ask } from "../../api/client.ts";
import type { Schemas } from "../../api/schema.gen.ts";
import { useText } from "../../locales/text.tsx";
import { Badge } from "../../ui/Badge.tsx";
import { ConfirmButton } from "../../ui/ConfirmButton.tsx";
import { useMay } from "../../ui/current-user.ts";
import { ErrorNote } from "../../ui/ErrorNote.tsx";
import { showProblem } from "../../ui/notices.tsx";
import { useAction } from "../../ui/use-action.ts";

type CallerId = Schemas["CallerId"];

/** The numbers of a project that callees see, and whether people still answer them. */
export function CallerIds({ projectId: id }: { projectId: string }) {
  const { t } = useText();
  const may = useMay();
  const list = useQuery({
    queryKey: ["caller-ids", id],
    queryFn: ({ signal }) => ask(api.GET("/api/v1/projects/{id}/caller-ids", { signal, params: { path: { id } } })),
  });
  const items = list.data?.items ?? [];
  return (
    <section className="stack" aria-label={t("dialer.callerIds")}>
      <h2 className="section-title">{t("dialer.callerIds")}</h2>
      {list.error && <ErrorNote error={list.error} onRetry={() => void list.refetch()} />}
      {items.some(({ has_dropped }) => has_dropped) && (
        <p className="note note-bad" role="alert">
          {t("dialer.droppedWarning")}
        </p>
      )}
      <div className="card card-flush">
        {list.data && items.length === 0 && <p className="empty quiet">{t("dialer.noCallerIds")}</p>}
        {items.length > 0 && (
          <table className="grid-table folds">
            <thead>
              <tr>
                <th scope="col">{t("dialer.number")}</th>
                <th scope="col">{t("dialer.area")}</th>
                <th scope="col">{t("dialer.today")}</th>
                <th scope="col">{t("dialer.answered30")}</th>
                <th scope="col">{t("dialer.answerRate")}</th>
                <th scope="col">{t("deliveries.actions")}</th>
              </tr>
            </thead>
            <tbody>
              {items.map((one) => (
                <CallerIdRow key={one.id} one={one} />
              ))}
            </tbody>
          </table>
        )}
      </div>
      {may("POST /api/v1/projects/{id}/caller-ids") && <AddCallerId projectId={id} />}
    </section>
  );
}

const toPercent = (share: number): string => `${Math.round(share * 100)} %`;

function CallerIdRow({ one }: { one: CallerId }) {
  const { t } = useText();
  const may = useMay();
  const params = { params: { path: { id: one.project_id, callerId: one.id } } };
  const toggle = useAction({
    run: () =>
      ask(api.PATCH("/api/v1/projects/{id}/caller-ids/{callerId}", { ...params, body: { active: !one.active } })),
    onError: showProblem,
  });
  return (
    <tr>
      <td data-label={t("dialer.number")} className="number nowrap">
        <span className="row">
          {one.number}
          {one.has_dropped && <Badge tone="bad">{t("dialer.dropped")}</Badge>}
          {!one.active && <Badge tone="still">{t("dialer.disabled")}</Badge>}
        </span>
      </td>
      <td data-label={t("dialer.area")} className="number">
        {one.area_prefix}
      </td>
      <td data-label={t("dialer.today")} className="number">
        {one.daily_cap === null ? one.calls_today : `${one.calls_today} / ${one.daily_cap}`}
      </td>
      <td data-label={t("dialer.answered30")} className="number">
        {t("dialer.doneOf", { done: one.answers_30_days, total: one.calls_30_days })}
      </td>
      <td data-label={t("dialer.answerRate")}>
        <AnswerRate one={one} />
      </td>
      <td data-label={t("deliveries.actions")}>
        {may("PATCH /api/v1/projects/{id}/caller-ids/{callerId}") && (
          <div className="row">
            <Button size="xs" variant="default" loading={toggle.isPending} onClick={() => toggle.mutate()}>
              {one.active ? t("dialer.rest") : t("dialer.useAgain")}
              <span className="visually-hidden"> {one.number}</span>
            </Button>
            <ConfirmButton
              label={t("action.remove")}
              about={one.number}
              question={t("dialer.removeCallerIdQuestion", { number: one.number })}
              done={t("dialer.callerIdRemoved")}
              run={() => ask(api.DELETE("/api/v1/projects/{id}/caller-ids/{callerId}", params))}
            />
          </div>
        )}
      </td>
    </tr>
  );
}

/** Few calls say little: the range in which the share may lie stands beside it. */
function AnswerRate({ one }: { one: CallerId }) {
  const { t } = useText();
  if (one.calls_30_days === 0) return "–";
  const share = one.answers_30_days / one.calls_30_days;
  return (
    <>
      <meter min={0} max={1} value={share} aria-label={t("dialer.answerRate")} />{" "}
      <span className="number small">
        {toPercent(share)} ({toPercent(one.answer_rate_low)}–{toPercent(one.answer_rate_high)})
      </span>
    </>
  );
}

function AddCallerId({ projectId: id }: { projectId: string }) {
  const { t } = useText();
  const form = useRef<HTMLFormElement>(null);
  const add = useAction({
    run: (data: FormData) => {
      const cap = String(data.get("daily_cap") ?? "");
      return ask(
        api.POST("/api/v1/projects/{id}/caller-ids", {
          params: { path: { id } },
          body: { number: String(data.get("number")).trim(), daily_cap: cap === "" ? null : Number(cap) },
        }),
      );
    },
    done: t("dialer.callerIdAdded"),
    onDone: () => form.current?.reset(),
  });
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    add.mutate(new FormData(event.currentTarget));
  };
  return (
    <form ref={form} className="card" onSubmit={submit}>
      <div className="form-grid ends">
        <TextInput name="number" label={t("dialer.ownNumber")} required maxLength={40} autoComplete="off" />
        <TextInput name="daily_cap" type="number" min={1} label={t("dialer.dailyCap")} />
        <Button type="submit" loading={add.isPending}>
          {t("dialer.addCallerId")}
        </Button>
      </div>
      {add.error && <ErrorNote error={add.error} />}
    </form>
  );
}
