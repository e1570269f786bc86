import "./dialer.css";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link, useNavigate } from "@tanstack/react-router";
import { api, ask } from "../../api/client.ts";
import type { Schemas } from "../../api/schema.gen.ts";
import { useText } from "../../locales/text.tsx";
import { useMay } from "../../ui/current-user.ts";
import { ErrorNote } from "../../ui/ErrorNote.tsx";
import { Loading } from "../../ui/Loading.tsx";
import { Page } from "../../ui/Page.tsx";
import { RemoveButton } from "../../ui/removals.tsx";
import { useAction } from "../../ui/use-action.ts";
import { CallerIds } from "./CallerIds.tsx";
import { Holidays } from "./Holidays.tsx";
import { NewProject } from "./NewProject.tsx";
import { ProjectConsent } from "./ProjectConsent.tsx";
import { ProjectForm } from "./ProjectForm.tsx";
import { ProjectPeople } from "./ProjectPeople.tsx";
import type { ProjectBody } from "./project-form.ts";

const route = getRouteApi("/house/dialer/projects/$id");

/** One project, or a new one (`new`). */
export function ProjectPage() {
  const { t } = useText();
  const may = useMay();
  const { id } = route.useParams();
  const isNew = id === "new";
  const project = useQuery({
    queryKey: ["project", id],
    queryFn: ({ signal }) => ask(api.GET("/api/v1/projects/{id}", { signal, params: { path: { id } } })),
    enabled: !isNew,
  });
  const { data } = project;
  return (
    <Page
      title={isNew ? t("dialer.newProject") : (data?.name ?? t("dialer.project"))}
      lead={
        <Link to="/dialer/$part" params={{ part: "projects" }}>
          {t("dialer.allProjectsBack")}
        </Link>
      }
      actions={data && may("DELETE /api/v1/projects/{id}") && <RemoveProject project={data} />}
    >
      {project.error && <ErrorNote error={project.error} onRetry={() => void project.refetch()} />}
      {project.isLoading && <Loading />}
      {isNew && may("POST /api/v1/projects") && <NewProject />}
      {data && <ProjectParts key={data.updated_at} project={data} />}
    </Page>
  );
}

function ProjectParts({ project }: { project: Schemas["Project"] }) {
  const { t } = useText();
  const may = useMay();
  const params = { path: { id: project.id } };
  const save = useAction({
    run: (body: ProjectBody) => ask(api.PATCH("/api/v1/projects/{id}", { params, body })),
    done: t("dialer.projectSaved"),
  });
  return (
    <div className="stack">
      <ProjectForm
        project={project}
        isFixed={!may("PATCH /api/v1/projects/{id}")}
        isPending={save.isPending}
        error={save.error}
        onSubmit={(body) => save.mutate(body)}
      />
      <CallerIds projectId={project.id} />
      <ProjectConsent projectId={project.id} />
      <Holidays projectId={project.id} />
      {may("PUT /api/v1/projects/{id}/users") && <ProjectPeople projectId={project.id} />}
    </div>
  );
}

function RemoveProject({ project: { id, name } }: { project: Schemas["Project"] }) {
  const { t } = useText();
  const navigate = useNavigate();
  return (
    <RemoveButton
      label={t("action.remove")}
      about={name}
      removal={{
        name: `project:${id}`,
        sentence: t("dialer.removed", { name }),
        run: () => ask(api.DELETE("/api/v1/projects/{id}", { params: { path: { id } }, keepalive: true })),
      }}
      onRemoved={() => void navigate({ to: "/dialer/$part", params: { part: "projects" } })}
    />
  );
}
