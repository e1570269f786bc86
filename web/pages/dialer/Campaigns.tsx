import { Button, NativeSelect, TextInput } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { api, ask } from "../../api/client.ts";
import type { Schemas } from "../../api/schema.gen.ts";
import { useText } from "../../locales/text.tsx";
import { useMay } from "../../ui/current-user.ts";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { ErrorNote } from "../../ui/ErrorNote.tsx";
import { Loading } from "../../ui/Loading.tsx";
import { MoreButton } from "../../ui/MoreButton.tsx";
import { useAction } from "../../ui/use-action.ts";
import { CampaignBadge } from "./CampaignBadge.tsx";
import { toNames, useProjects } from "./lists.ts";

const REFRESH_MS = 5_000;

/** The lists of people to call, and how far each has come. */
export function Campaigns() {
  const { t } = useText();
  const may = useMay();
  const [projectId, setProjectId] = useState("");
  const projects = useProjects();
  const query = projectId === "" ? {} : { project_id: projectId };
  const list = useInfiniteQuery({
    queryKey: ["campaigns", query],
    initialPageParam: "",
    queryFn: ({ pageParam, signal }) =>
      ask(
        api.GET("/api/v1/campaigns", {
          signal,
          params: { query: { ...query, ...(pageParam && { cursor: pageParam }) } },
        }),
      ),
    getNextPageParam: ({ next_cursor }) => next_cursor,
    refetchInterval: ({ state }) => (state.data?.pages.length === 1 ? REFRESH_MS : false),
  });
  const campaigns = list.data?.pages.flatMap(({ items }) => items) ?? [];
  const nameOf = toNames(projects.data?.items);
  return (
    <div className="stack">
      {may("POST /api/v1/campaigns") && projects.data && <NewCampaign projects={projects.data.items} />}
      <div className="filters">
        <NativeSelect
          label={t("dialer.project")}
          value={projectId}
          onChange={(event) => setProjectId(event.currentTarget.value)}
          data={[
            { value: "", label: t("dialer.allProjects") },
            ...(projects.data?.items ?? []).map(({ id, name }) => ({ value: id, label: name })),
          ]}
        />
      </div>
      {list.error && <ErrorNote error={list.error} onRetry={() => void list.refetch()} />}
      {list.isLoading && <Loading />}
      {list.data && (
        <div className="card card-flush">
          {campaigns.length === 0 && (
            <EmptyState title={t("dialer.noCampaigns")}>{t("dialer.noCampaignsText")}</EmptyState>
          )}
          {campaigns.length > 0 && <CampaignTable campaigns={campaigns} nameOf={nameOf} />}
          <MoreButton list={list} />
        </div>
      )}
    </div>
  );
}

interface CampaignTableProps {
  campaigns: readonly Schemas["Campaign"][];
  nameOf(projectId: string): string;
}

function CampaignTable({ campaigns, nameOf }: CampaignTableProps) {
  const { t } = useText();
  return (
    <table className="grid-table folds">
      <thead>
        <tr>
          <th scope="col">{t("dialer.name")}</th>
          <th scope="col">{t("dialer.project")}</th>
          <th scope="col">{t("dialer.stateLabel")}</th>
          <th scope="col">{t("dialer.progress")}</th>
          <th scope="col">{t("dialer.contacts")}</th>
        </tr>
      </thead>
      <tbody>
        {campaigns.map(({ id, name, project_id, state, contacts }) => (
          <tr key={id}>
            <td data-label={t("dialer.name")}>
              <Link to="/dialer/campaigns/$id" params={{ id }}>
                {name}
              </Link>
            </td>
            <td data-label={t("dialer.project")}>{nameOf(project_id)}</td>
            <td data-label={t("dialer.stateLabel")}>
              <CampaignBadge state={state} />
            </td>
            <td data-label={t("dialer.progress")}>
              <progress
                max={Math.max(1, contacts.total)}
                value={contacts.completed + contacts.failed + contacts.skipped}
                aria-label={t("dialer.progressOf", { name })}
              />
            </td>
            <td data-label={t("dialer.contacts")} className="number nowrap">
              {t("dialer.doneOf", {
                done: contacts.completed + contacts.failed + contacts.skipped,
                total: contacts.total,
              })}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function NewCampaign({ projects }: { projects: readonly Schemas["Project"][] }) {
  const { t } = useText();
  const navigate = useNavigate();
  const create = useAction({
    run: (form: FormData) =>
      ask(
        api.POST("/api/v1/campaigns", {
          body: { name: String(form.get("name")).trim(), project_id: String(form.get("project_id")) },
        }),
      ),
    done: t("dialer.campaignAdded"),
    onDone: ({ id }) => void navigate({ to: "/dialer/campaigns/$id", params: { id } }),
  });
  if (projects.length === 0)
    return (
      <p className="note note-info">
        {t("dialer.projectFirst")}{" "}
        <Link to="/dialer/$part" params={{ part: "projects" }}>
          {t("dialer.projects")}
        </Link>
      </p>
    );
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    create.mutate(new FormData(event.currentTarget));
  };
  return (
    <form className="card" onSubmit={submit}>
      <h2>{t("dialer.newCampaign")}</h2>
      <div className="filters">
        <TextInput name="name" label={t("dialer.name")} required maxLength={100} autoComplete="off" />
        <NativeSelect
          name="project_id"
          label={t("dialer.ofProject")}
          data={projects.map(({ id, name }) => ({ value: id, label: name }))}
        />
        <Button type="submit" loading={create.isPending}>
          {t("dialer.addCampaign")}
        </Button>
      </div>
      {create.error && <ErrorNote error={create.error} />}
    </form>
  );
}
