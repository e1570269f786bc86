import { Button, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { api, ask } from "../../api/client.ts";
import type { Schemas } from "../../api/schema.gen.ts";
import { useText } from "../../locales/text.tsx";
import { ActionForm } from "../../ui/ActionForm.tsx";
import { Badge } from "../../ui/Badge.tsx";
import { useMay } from "../../ui/current-user.ts";
import { DialogButton } from "../../ui/DialogButton.tsx";
import { useDecided, useDecision } from "../../ui/decisions.ts";
import { numberOf, textOf } from "../../ui/form-fields.ts";
import { ListCard } from "../../ui/ListCard.tsx";
import { Phone } from "../../ui/Phone.tsx";
import { useNumberText } from "../../ui/phone-numbers.ts";
import { RemoveButton } from "../../ui/removals.tsx";
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
      {items.some(({ has_dropped }) => has_dropped) && (
        <p className="note note-bad" role="alert">
          {t("dialer.droppedWarning")}
        </p>
      )}
      <ListCard
        kind="caller-id"
        list={{ query: list, items }}
        empty={{ title: t("dialer.noCallerIds"), text: t("dialer.noCallerIdsText") }}
        columns={[
          { label: t("dialer.number"), className: "number nowrap", show: (one) => <Shown one={one} /> },
          { label: t("dialer.area"), className: "number", show: ({ area_prefix }) => area_prefix },
          { label: t("dialer.today"), className: "number", show: (one) => <Today one={one} /> },
          {
            label: t("dialer.answered30"),
            className: "number",
            show: (one) => t("dialer.doneOf", { done: one.answers_30_days, total: one.calls_30_days }),
          },
          { label: t("dialer.answerRate"), show: (one) => <AnswerRate one={one} /> },
          {
            label: t("deliveries.actions"),
            show: (one) => may("PATCH /api/v1/projects/{id}/caller-ids/{callerId}") && <CallerIdActions one={one} />,
          },
        ]}
      />
      {may("POST /api/v1/projects/{id}/caller-ids") && <AddCallerId projectId={id} />}
    </section>
  );
}

function Shown({ one: { id, number, has_dropped, active } }: { one: CallerId }) {
  const { t } = useText();
  const isActive = useDecided(`caller-id:${id}`, active);
  return (
    <span className="row">
      <Phone number={number} />
      {has_dropped && <Badge tone="bad">{t("dialer.dropped")}</Badge>}
      {!isActive && <Badge tone="still">{t("dialer.disabled")}</Badge>}
    </span>
  );
}

/** Today's calls under it, and how much of its cap they are. */
function Today({ one: { number, calls_today, daily_cap } }: { one: CallerId }) {
  const { t } = useText();
  const write = useNumberText();
  if (daily_cap === null) return calls_today;
  return (
    <>
      <meter
        min={0}
        max={daily_cap}
        high={daily_cap * NEARLY_FULL}
        value={calls_today}
        aria-label={t("dialer.todayOf", { number: write(number) })}
      />{" "}
      {t("dialer.doneOf", { done: calls_today, total: daily_cap })}
    </>
  );
}

const NEARLY_FULL = 0.9;

function CallerIdActions({ one }: { one: CallerId }) {
  const { t } = useText();
  const params = { params: { path: { id: one.project_id, callerId: one.id } } };
  const number = useNumberText()(one.number);
  const { shown, decide } = useDecision({
    name: `caller-id:${one.id}`,
    told: one.active,
    run: (active) => ask(api.PATCH("/api/v1/projects/{id}/caller-ids/{callerId}", { ...params, body: { active } })),
  });
  return (
    <div className="row">
      <Button size="xs" variant="default" onClick={() => decide(!shown)}>
        {shown ? t("dialer.rest") : t("dialer.useAgain")}
        <span className="visually-hidden"> {number}</span>
      </Button>
      <DialogButton label={t("action.edit")} about={number} title={number}>
        {(close) => <CallerIdForm one={one} onDone={close} />}
      </DialogButton>
      <RemoveButton
        label={t("action.remove")}
        about={number}
        removal={{
          name: `caller-id:${one.id}`,
          sentence: t("dialer.removed", { name: number }),
          run: () => ask(api.DELETE("/api/v1/projects/{id}/caller-ids/{callerId}", { ...params, keepalive: true })),
        }}
      />
    </div>
  );
}

function CallerIdForm({ one, onDone }: { one: CallerId; onDone(): void }) {
  const { t } = useText();
  const save = useAction({
    run: (form: FormData) =>
      ask(
        api.PATCH("/api/v1/projects/{id}/caller-ids/{callerId}", {
          params: { path: { id: one.project_id, callerId: one.id } },
          body: { area_prefix: textOf(form, "area_prefix"), daily_cap: numberOf(form, "daily_cap") },
        }),
      ),
    done: t("dialer.callerIdSaved"),
    onDone,
  });
  return (
    <ActionForm action={save}>
      <TextInput
        name="area_prefix"
        label={t("dialer.area")}
        description={t("dialer.areaHint")}
        required
        pattern="\+[1-9][0-9]{0,9}"
        defaultValue={one.area_prefix}
      />
      <TextInput
        name="daily_cap"
        type="number"
        min={1}
        label={t("dialer.dailyCap")}
        description={t("dialer.emptyIsNoLimit")}
        defaultValue={one.daily_cap ?? ""}
      />
      <Button type="submit" loading={save.isPending}>
        {t("action.save")}
      </Button>
    </ActionForm>
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

const toPercent = (share: number): string => `${Math.round(share * 100)} %`;

function AddCallerId({ projectId: id }: { projectId: string }) {
  const { t } = useText();
  const add = useAction({
    run: (form: FormData) =>
      ask(
        api.POST("/api/v1/projects/{id}/caller-ids", {
          params: { path: { id } },
          body: { number: textOf(form, "number"), daily_cap: numberOf(form, "daily_cap") },
        }),
      ),
    done: t("dialer.callerIdAdded"),
  });
  return (
    <ActionForm className="card" action={add} isEmptied>
      <div className="form-grid ends">
        <TextInput name="number" label={t("dialer.ownNumber")} required maxLength={40} autoComplete="off" />
        <TextInput name="daily_cap" type="number" min={1} label={t("dialer.dailyCap")} />
        <Button type="submit" loading={add.isPending}>
          {t("dialer.addCallerId")}
        </Button>
      </div>
    </ActionForm>
  );
}
