import { Button, Checkbox, NativeSelect, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { api, ask } from "../../api/client.ts";
import type { Schemas } from "../../api/schema.gen.ts";
import { useText } from "../../locales/text.tsx";
import { ActionForm } from "../../ui/ActionForm.tsx";
import { Badge } from "../../ui/Badge.tsx";
import { useMay } from "../../ui/current-user.ts";
import { DialogButton } from "../../ui/DialogButton.tsx";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { ErrorNote } from "../../ui/ErrorNote.tsx";
import { textOf } from "../../ui/form-fields.ts";
import { Loading } from "../../ui/Loading.tsx";
import { RemoveButton, useRemovals } from "../../ui/removals.tsx";
import { useSaid } from "../../ui/Said.tsx";
import { Time } from "../../ui/Time.tsx";
import { useAction } from "../../ui/use-action.ts";
import { Holidays } from "./Holidays.tsx";
import { usePolicies } from "./lists.ts";
import { PolicyForm } from "./PolicyForm.tsx";
import { PolicyRules } from "./PolicyRules.tsx";
import { PolicyVersions } from "./PolicyVersions.tsx";

type Policy = Schemas["Policy"];

/** Rules of a land for a purpose. One only holds once somebody of the house has read it and answers for it. */
export function Policies() {
  const { t } = useText();
  const may = useMay();
  const { isRemoved } = useRemovals();
  const list = usePolicies();
  const policies = list.data?.items.filter(({ id }) => !isRemoved(`policy:${id}`));
  return (
    <div className="stack">
      <p className="note note-warn">{t("dialer.policyWarning")}</p>
      {may("POST /api/v1/dialer/policies") && <NewPolicy />}
      {list.error && <ErrorNote error={list.error} onRetry={() => void list.refetch()} />}
      {list.isLoading && <Loading />}
      {policies?.length === 0 && (
        <div className="card">
          <EmptyState title={t("dialer.noPolicies")}>{t("dialer.noPoliciesText")}</EmptyState>
        </div>
      )}
      <div className="cards">
        {policies?.map((policy) => (
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
  const said = useSaid();
  const { id, name, version, status, pack, title_code, acknowledged_name, acknowledged_at } = policy;
  return (
    <article className="card">
      <div className="row spread">
        <h2>{name}</h2>
        <Badge tone={status === "acknowledged" ? "good" : "warn"}>{t(`dialer.policyIs.${status}`)}</Badge>
      </div>
      <p className="small">{said({ text: pack.title, code: title_code })}</p>
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
        {may("PATCH /api/v1/dialer/policies/{id}") && (
          <DialogButton size="xl" label={t("action.edit")} about={name} title={t("dialer.editPolicy", { name })}>
            {(close) => <PolicyForm policy={policy} onDone={close} />}
          </DialogButton>
        )}
        <PolicyVersions policy={policy} />
        {may("DELETE /api/v1/dialer/policies/{id}") && (
          <RemoveButton
            label={t("action.remove")}
            about={name}
            removal={{
              name: `policy:${id}`,
              sentence: t("dialer.removed", { name }),
              run: () => ask(api.DELETE("/api/v1/dialer/policies/{id}", { params: { path: { id } }, keepalive: true })),
            }}
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
  const { name } = policy;
  return (
    <DialogButton
      look={{}}
      size="xl"
      label={t("dialer.acknowledge")}
      about={name}
      title={t("dialer.acknowledgeTitle", { name })}
    >
      {(close) => <AcknowledgeForm policy={policy} onDone={close} />}
    </DialogButton>
  );
}

function AcknowledgeForm({ policy, onDone }: { policy: Policy; onDone(): void }) {
  const { t } = useText();
  const acknowledge = useAction({
    run: (form: FormData) =>
      ask(
        api.POST("/api/v1/dialer/policies/{id}/acknowledge", {
          params: { path: { id: policy.id } },
          body: { version: policy.version, name: textOf(form, "name"), reviewed: true },
        }),
      ),
    done: t("dialer.acknowledged"),
    onDone,
  });
  return (
    <ActionForm action={acknowledge}>
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
      <Button type="submit" loading={acknowledge.isPending}>
        {t("dialer.acknowledge")}
      </Button>
    </ActionForm>
  );
}

function NewPolicy() {
  const { t } = useText();
  const said = useSaid();
  const templates = useQuery({
    queryKey: ["policy-templates"],
    queryFn: ({ signal }) => ask(api.GET("/api/v1/dialer/policy-templates", { signal })),
  });
  const create = useAction({
    run: (form: FormData) =>
      ask(
        api.POST("/api/v1/dialer/policies", {
          body: { name: textOf(form, "name"), template: textOf(form, "template") },
        }),
      ),
    done: t("dialer.policyAdded"),
  });
  return (
    <ActionForm className="card" action={create} isEmptied>
      <h2>{t("dialer.newPolicy")}</h2>
      <div className="form-grid ends">
        <TextInput name="name" label={t("dialer.name")} required maxLength={120} autoComplete="off" />
        <NativeSelect name="template" label={t("dialer.template")}>
          {(templates.data?.items ?? []).map(({ key, pack, title_code }) => (
            <option key={key} value={key}>
              {said({ text: pack.title, code: title_code })}
            </option>
          ))}
        </NativeSelect>
        <Button type="submit" loading={create.isPending}>
          {t("dialer.addPolicy")}
        </Button>
      </div>
      {templates.error && <ErrorNote error={templates.error} />}
    </ActionForm>
  );
}
