import { Button, Checkbox, NativeSelect, TextInput } from "@mantine/core";
import type { FormEvent } from "react";
import { PROJECT_LANGUAGE, PROJECT_MODE, type Schemas } from "../../api/schema.gen.ts";
import { useText } from "../../locales/text.tsx";
import { ErrorNote } from "../../ui/ErrorNote.tsx";
import { FormPart } from "./FormPart.tsx";
import { usePbxs, usePolicies, useTrunks } from "./lists.ts";
import { ProjectRetries } from "./ProjectRetries.tsx";
import { ProjectSpeech } from "./ProjectSpeech.tsx";
import { type ProjectBody, toProjectBody } from "./project-form.ts";

type Project = Schemas["Project"];

interface ProjectFormProps {
  project: Project;
  /** Only to be read. */
  isFixed: boolean;
  isPending: boolean;
  error: unknown;
  onSubmit(body: ProjectBody): void;
}

/** How a project's calls behave, from the choice of a line to what a machine is told. */
export function ProjectForm({ project, isFixed, isPending, error, onSubmit }: ProjectFormProps) {
  const { t } = useText();
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    onSubmit(toProjectBody(new FormData(event.currentTarget), project));
  };
  return (
    <form className="card narrow" onSubmit={submit}>
      <fieldset className="plain-set stack" disabled={isFixed}>
        <legend className="visually-hidden">{t("dialer.project")}</legend>
        <Basics project={project} />
        <Lines project={project} />
        <ProjectSpeech project={project} />
        <ProjectRetries project={project} />
        <Agents project={project} />
        <Outside project={project} />
        {error !== null && error !== undefined && <ErrorNote error={error} />}
        {!isFixed && (
          <div className="row">
            <Button type="submit" loading={isPending}>
              {t("action.save")}
            </Button>
          </div>
        )}
      </fieldset>
    </form>
  );
}

function Basics({ project }: { project: Project }) {
  const { t } = useText();
  return (
    <div className="form-grid">
      <TextInput name="name" label={t("dialer.name")} required maxLength={100} defaultValue={project.name} />
      <TextInput name="time_zone" label={t("tenant.zone")} required defaultValue={project.time_zone} />
      <NativeSelect
        name="language"
        label={t("dialer.language")}
        defaultValue={project.language}
        data={PROJECT_LANGUAGE.map((value) => ({ value, label: t(`dialer.in.${value}`) }))}
      />
      <NativeSelect
        name="mode"
        label={t("dialer.mode")}
        defaultValue={project.mode}
        data={PROJECT_MODE.map((value) => ({ value, label: t(`dialer.modeIs.${value}`) }))}
      />
      <PolicyChoice policyId={project.policy_id} />
      <Checkbox size="xs" name="disabled" label={t("dialer.disable")} defaultChecked={project.disabled} />
    </div>
  );
}

/** Without one no campaign of the project may start. */
function PolicyChoice({ policyId }: { policyId: string | null }) {
  const { t } = useText();
  const policies = usePolicies();
  return (
    <NativeSelect
      key={policies.data ? "there" : "awaited"}
      name="policy_id"
      label={t("dialer.policy")}
      defaultValue={policyId ?? ""}
      data={[
        { value: "", label: t("dialer.noPolicy") },
        ...(policies.data ? [] : policyId === null ? [] : [{ value: policyId, label: policyId }]),
        ...(policies.data?.items ?? []).map(({ id, name }) => ({ value: id, label: name })),
      ]}
    />
  );
}

function Lines({ project }: { project: Project }) {
  const { t } = useText();
  const trunks = useTrunks();
  const pbxs = usePbxs();
  const weights = new Map(project.trunks.map(({ trunk_id, weight }) => [trunk_id, weight]));
  const pbxOf = new Map(pbxs.data?.items.map(({ id, name }) => [id, name]));
  return (
    <FormPart title={t("dialer.lines")} isOpen>
      <fieldset className="scopes wide" key={trunks.data ? "there" : "awaited"}>
        <legend>{t("dialer.trunks")}</legend>
        {trunks.data?.items.length === 0 && <p className="quiet small">{t("dialer.noTrunks")}</p>}
        {trunks.data?.items.map(({ id, name, pbx_id }) => (
          <div className="row" key={id}>
            <Checkbox
              size="xs"
              name="trunk"
              value={id}
              label={`${name} · ${pbxOf.get(pbx_id) ?? pbx_id}`}
              defaultChecked={weights.has(id)}
            />
            <TextInput
              className="weight"
              name={`weight ${id}`}
              type="number"
              min={1}
              max={1000}
              aria-label={t("dialer.weightOf", { name })}
              defaultValue={weights.get(id) ?? 1}
            />
          </div>
        ))}
      </fieldset>
      <TextInput
        name="prefix"
        label={t("dialer.prefix")}
        description={t("dialer.prefixHint")}
        pattern="[0-9*#]{0,10}"
        defaultValue={project.prefix}
      />
      <TextInput name="caller_id" label={t("dialer.callerId")} defaultValue={project.caller_id ?? ""} />
      <TextInput
        name="channels_max"
        type="number"
        min={1}
        label={t("dialer.channelsMax")}
        description={t("dialer.emptyIsNoLimit")}
        defaultValue={project.channels_max ?? ""}
      />
      <TextInput
        name="ring_seconds"
        type="number"
        min={15}
        max={120}
        required
        label={t("dialer.ringSeconds")}
        defaultValue={project.ring_seconds}
      />
      <Checkbox
        size="xs"
        name="uses_caller_id_pool"
        label={t("dialer.usesPool")}
        defaultChecked={project.uses_caller_id_pool}
      />
    </FormPart>
  );
}

function Agents({ project }: { project: Project }) {
  const { t } = useText();
  const { agents } = project;
  return (
    <FormPart title={t("dialer.agents")} isOpen={project.mode === "agents"}>
      <TextInput
        name="agent_extensions"
        label={t("dialer.agentExtensions")}
        description={t("dialer.spaceSeparated")}
        defaultValue={agents.extensions.join(" ")}
      />
      <TextInput
        name="abandoned_percent"
        type="number"
        min={0}
        max={10}
        step="0.1"
        required
        label={t("dialer.abandonedPercent")}
        defaultValue={Math.round(agents.abandoned_share_max * 1000) / 10}
      />
      <TextInput
        name="agent_wait_seconds"
        type="number"
        min={0}
        step="0.5"
        required
        label={t("dialer.agentWait")}
        defaultValue={agents.wait_ms / 1000}
      />
    </FormPart>
  );
}

function Outside({ project }: { project: Project }) {
  const { t } = useText();
  return (
    <FormPart title={t("dialer.outside")}>
      <TextInput
        name="allowed_addresses"
        label={t("dialer.allowedAddresses")}
        description={t("dialer.allowedHint")}
        defaultValue={project.allowed_addresses.join(" ")}
      />
      <TextInput
        name="webhook_url"
        type="url"
        label={t("dialer.webhookUrl")}
        defaultValue={project.webhook_url ?? ""}
      />
      <TextInput
        name="webhook_secret"
        type="password"
        autoComplete="new-password"
        label={t("dialer.webhookSecret")}
        defaultValue={project.webhook_secret ?? ""}
      />
    </FormPart>
  );
}
