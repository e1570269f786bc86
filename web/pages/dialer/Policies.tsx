import { Button, Checkbox, Modal, NativeSelect, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { api, ask } from "../../api/client.ts";
import type { Schemas } from "../../api/schema.gen.ts";
import { useText } from "../../locales/text.tsx";
import { Badge } from "../../ui/Badge.tsx";
import { ConfirmButton } from "../../ui/ConfirmButton.tsx";
import { useMay } from "../../ui/current-user.ts";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { ErrorNote } from "../../ui/ErrorNote.tsx";
import { Loading } from "../../ui/Loading.tsx";
import { Time } from "../../ui/Time.tsx";
import { useAction } from "../../ui/use-action.ts";
import { Holidays } from "./Holidays.tsx";
import { usePolicies } from "./lists.ts";
import { PolicyRules } from "./PolicyRules.tsx";

type Policy = Schemas["Policy"];

/** Rules of a land for a purpose. One only holds once somebody of the house has read it and answers for it. */
export function Policies() {
  const { t } = useText();
  const may = useMay();
  const list = usePolicies();
  return (
    <div className="stack">
      <p className="note note-warn">{t("dialer.policyWarning")}</p>
      {may("POST /api/v1/dialer/policies") && <NewPolicy />}
      {list.error && <ErrorNote error={list.error} onRetry={() => void list.refetch()} />}
      {list.isLoading && <Loading />}
      {list.data?.items.length === 0 && (
        <div className="card">
          <EmptyState title={t("dialer.noPolicies")}>{t("dialer.noPoliciesText")}</EmptyState>
        </div>
      )}
      <div className="cards">
        {list.data?.items.map((policy) => (
          <PolicyCard key={policy.id} policy={policy} />
        ))}
      </div>
      <Holidays />
    </div>
  );
}

function PolicyCard({ policy }: { policy: Policy }) {
  const { t } = useText();
  const may = useMay();
  const { id, name, version, status, pack, acknowledged_name, acknowledged_at } = policy;
  return (
    <article className="card">
      <div className="row spread">
        <h2>{name}</h2>
        <Badge tone={status === "acknowledged" ? "good" : "warn"}>{t(`dialer.policyIs.${status}`)}</Badge>
      </div>
      <p className="small" lang="en">
        {pack.title}
      </p>
      {acknowledged_at && (
        <p className="quiet small">
          {t("dialer.acknowledgedBy", { name: acknowledged_name ?? "–" })} <Time at={acknowledged_at} />
        </p>
      )}
      <PolicyRules pack={pack} />
      <div className="row actions">
        {may("POST /api/v1/dialer/policies/{id}/acknowledge") && status === "unreviewed" && (
          <Acknowledge policy={policy} />
        )}
        {may("DELETE /api/v1/dialer/policies/{id}") && (
          <ConfirmButton
            label={t("action.remove")}
            about={name}
            question={t("dialer.removePolicyQuestion", { name })}
            done={t("dialer.policyRemoved")}
            run={() => ask(api.DELETE("/api/v1/dialer/policies/{id}", { params: { path: { id } } }))}
          />
        )}
        <span className="quiet small">{t("dialer.version", { version })}</span>
      </div>
    </article>
  );
}

/** Nobody takes rules over by a click alone: a name stands for them. */
function Acknowledge({ policy }: { policy: Policy }) {
  const { t } = useText();
  const [isOpen, setOpen] = useState(false);
  const acknowledge = useAction({
    run: (form: FormData) =>
      ask(
        api.POST("/api/v1/dialer/policies/{id}/acknowledge", {
          params: { path: { id: policy.id } },
          body: { version: policy.version, name: String(form.get("name")).trim(), reviewed: true },
        }),
      ),
    done: t("dialer.acknowledged"),
    onDone: () => setOpen(false),
  });
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    acknowledge.mutate(new FormData(event.currentTarget));
  };
  return (
    <>
      <Button onClick={() => setOpen(true)}>
        {t("dialer.acknowledge")}
        <span className="visually-hidden"> {policy.name}</span>
      </Button>
      <Modal
        opened={isOpen}
        onClose={() => setOpen(false)}
        title={t("dialer.acknowledgeTitle", { name: policy.name })}
        closeButtonProps={{ "aria-label": t("action.close") }}
      >
        <form className="stack" onSubmit={submit}>
          <PolicyRules pack={policy.pack} isOpen />
          <TextInput
            name="name"
            label={t("dialer.reviewer")}
            description={t("dialer.reviewerHint")}
            required
            minLength={3}
            maxLength={200}
          />
          <Checkbox size="xs" required label={t("dialer.reviewed")} />
          {acknowledge.error && <ErrorNote error={acknowledge.error} />}
          <Button type="submit" loading={acknowledge.isPending}>
            {t("dialer.acknowledge")}
          </Button>
        </form>
      </Modal>
    </>
  );
}

function NewPolicy() {
  const { t } = useText();
  const templates = useQuery({
    queryKey: ["policy-templates"],
    queryFn: ({ signal }) => ask(api.GET("/api/v1/dialer/policy-templates", { signal })),
  });
  const create = useAction({
    run: (form: FormData) =>
      ask(
        api.POST("/api/v1/dialer/policies", {
          body: { name: String(form.get("name")).trim(), template: String(form.get("template")) },
        }),
      ),
    done: t("dialer.policyAdded"),
  });
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    create.mutate(new FormData(event.currentTarget));
  };
  return (
    <form className="card" onSubmit={submit}>
      <h2>{t("dialer.newPolicy")}</h2>
      <div className="form-grid ends">
        <TextInput name="name" label={t("dialer.name")} required maxLength={120} autoComplete="off" />
        <NativeSelect name="template" label={t("dialer.template")}>
          {(templates.data?.items ?? []).map(({ key, pack }) => (
            <option key={key} value={key} lang="en">
              {pack.title}
            </option>
          ))}
        </NativeSelect>
        <Button type="submit" loading={create.isPending}>
          {t("dialer.addPolicy")}
        </Button>
      </div>
      {templates.error && <ErrorNote error={templates.error} />}
      {create.error && <ErrorNote error={create.error} />}
    </form>
  );
}
