import { Button, NativeSelect, TextInput } from "@mantine/core";
import { Link, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { api, ask } from "../../api/client.ts";
import { CAMPAIGN_STATE, type Schemas } from "../../api/schema.gen.ts";
import { useText } from "../../locales/text.tsx";
import { ActionForm } from "../../ui/ActionForm.tsx";
import { useMay } from "../../ui/current-user.ts";
import { textOf } from "../../ui/form-fields.ts";
import { ListCard, usePagedList } from "../../ui/ListCard.tsx";
import { useAction } from "../../ui/use-action.ts";
import { CampaignBadge } from "./CampaignBadge.tsx";
import { toNames, useProjects } from "./lists.ts";
import { ProjectChoice } from "./ProjectChoice.tsx";

const REFRESH_MS = 5_000;
type Campaign = Schemas["Campaign"];

/** The lists of people to call, and how far each has come. */
export function Campaigns() {
  const { t } = useText();
  const may = useMay();
  const [projectId, setProjectId] = useState("");
  const [state, setState] = useState<Campaign["state"]>();
  const projects = useProjects();
  const nameOf = toNames(projects.data?.items);
  const query = { ...(projectId && { project_id: projectId }), ...(state && { state }) };
  const list = usePagedList({
    key: ["campaigns", query],
    load: (page, signal) => ask(api.GET("/api/v1/campaigns", { signal, params: { query: { ...query, ...page } } })),
    refreshMs: REFRESH_MS,
  });
  return (
    <div className="stack">
      {may("POST /api/v1/campaigns") && projects.data && <NewCampaign hasProject={projects.data.items.length > 0} />}
      <div className="filters">
        <ProjectChoice
          none={t("dialer.allProjects")}
          value={projectId}
          onChange={(event) => setProjectId(event.currentTarget.value)}
        />
        <NativeSelect
          label={t("dialer.stateLabel")}
          value={state ?? ""}
          onChange={(event) => setState(CAMPAIGN_STATE.find((one) => one === event.currentTarget.value))}
          data={[
            { value: "", label: t("dialer.everyState") },
            ...CAMPAIGN_STATE.map((value) => ({ value, label: t(`dialer.state.${value}`) })),
          ]}
        />
      </div>
      <ListCard
        kind="campaign"
        list={list}
        empty={{ title: t("dialer.noCampaigns"), text: t("dialer.noCampaignsText") }}
        isFiltered={Object.keys(query).length > 0}
        columns={[
          {
            label: t("dialer.name"),
            show: ({ id, name }) => (
              <Link to="/dialer/campaigns/$id" params={{ id }}>
                {name}
              </Link>
            ),
          },
          { label: t("dialer.project"), show: ({ project_id }) => nameOf(project_id) },
          { label: t("dialer.stateLabel"), show: (one) => <CampaignBadge campaign={one} /> },
          {
            label: t("dialer.progress"),
            show: ({ name, contacts }) => (
              <progress
                max={Math.max(1, contacts.total)}
                value={toDone(contacts)}
                aria-label={t("dialer.progressOf", { name })}
              />
            ),
          },
          {
            label: t("dialer.contacts"),
            className: "number nowrap",
            show: ({ contacts }) => t("dialer.doneOf", { done: toDone(contacts), total: contacts.total }),
          },
        ]}
      />
    </div>
  );
}

const toDone = ({ completed, failed, skipped }: Campaign["contacts"]): number => completed + failed + skipped;

function NewCampaign({ hasProject }: { hasProject: boolean }) {
  const { t } = useText();
  const navigate = useNavigate();
  const create = useAction({
    run: (form: FormData) =>
      ask(
        api.POST("/api/v1/campaigns", { body: { name: textOf(form, "name"), project_id: textOf(form, "project_id") } }),
      ),
    done: t("dialer.campaignAdded"),
    onDone: ({ id }) => void navigate({ to: "/dialer/campaigns/$id", params: { id } }),
  });
  if (!hasProject)
    return (
      <p className="note note-info">
        {t("dialer.projectFirst")}{" "}
        <Link to="/dialer/$part" params={{ part: "projects" }}>
          {t("dialer.projects")}
        </Link>
      </p>
    );
  return (
    <ActionForm className="card" action={create}>
      <h2>{t("dialer.newCampaign")}</h2>
      <div className="filters">
        <TextInput name="name" label={t("dialer.name")} required maxLength={100} autoComplete="off" />
        <ProjectChoice name="project_id" label={t("dialer.ofProject")} />
        <Button type="submit" loading={create.isPending}>
          {t("dialer.addCampaign")}
        </Button>
      </div>
    </ActionForm>
  );
}
