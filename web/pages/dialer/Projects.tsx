import { Link } from "@tanstack/react-router";
import { api, ask } from "../../api/client.ts";
import type { Schemas } from "../../api/schema.gen.ts";
import { useText } from "../../locales/text.tsx";
import { Badge } from "../../ui/Badge.tsx";
import { useMay } from "../../ui/current-user.ts";
import { useDecided } from "../../ui/decisions.ts";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { ErrorNote } from "../../ui/ErrorNote.tsx";
import { usePagedList } from "../../ui/ListCard.tsx";
import { Loading } from "../../ui/Loading.tsx";
import { MoreButton } from "../../ui/MoreButton.tsx";
import { OnOff } from "../../ui/OnOff.tsx";
import { useRemovals } from "../../ui/removals.tsx";
import { toNames, useAudios, useTrunks } from "./lists.ts";

/** How automatic calls behave, one card a project. */
export function Projects() {
  const { t } = useText();
  const may = useMay();
  const { isRemoved } = useRemovals();
  const { query: list, items } = usePagedList({
    key: ["project-list"],
    load: (query, signal) => ask(api.GET("/api/v1/projects", { signal, params: { query } })),
  });
  const projects = items.filter(({ id }) => !isRemoved(`project:${id}`));
  return (
    <div className="stack">
      {list.error && <ErrorNote error={list.error} onRetry={() => void list.refetch()} />}
      {list.isLoading && <Loading />}
      {list.data && projects.length === 0 && (
        <div className="card">
          <EmptyState title={t("dialer.noProjects")}>{t("dialer.noProjectsText")}</EmptyState>
        </div>
      )}
      <div className="cards">
        {projects.map((project) => (
          <ProjectCard key={project.id} project={project} />
        ))}
        {may("POST /api/v1/projects") && (
          <Link className="card add-card" to="/dialer/projects/$id" params={{ id: "new" }}>
            + {t("dialer.addProject")}
          </Link>
        )}
      </div>
      <MoreButton list={list} />
    </div>
  );
}

function ProjectCard({ project }: { project: Schemas["Project"] }) {
  const { t } = useText();
  const trunkOf = toNames(useTrunks().data?.items);
  const audioOf = toNames(useAudios().data?.items);
  const may = useMay();
  const { id, name, number, time_zone, trunks, ivr, mode, disabled } = project;
  const isOn = useDecided(`project-on:${id}`, !disabled);
  const said = ivr.audio_id !== null ? audioOf(ivr.audio_id) : ivr.text;
  return (
    <article className="card">
      <div className="row spread">
        <h2>
          <Link to="/dialer/projects/$id" params={{ id }}>
            {name}
          </Link>
        </h2>
        {isOn ? <span className="quiet">{number}</span> : <Badge tone="still">{t("dialer.disabled")}</Badge>}
      </div>
      <dl className="facts small">
        <dt>{t("dialer.mode")}</dt>
        <dd>{t(`dialer.modeIs.${mode}`)}</dd>
        <dt>{t("dialer.said")}</dt>
        <dd>{said ?? "–"}</dd>
        <dt>{t("dialer.trunks")}</dt>
        <dd>{trunks.map(({ trunk_id }) => trunkOf(trunk_id)).join(", ") || "–"}</dd>
        <dt>{t("tenant.zone")}</dt>
        <dd>{time_zone}</dd>
      </dl>
      {may("PATCH /api/v1/projects/{id}") && (
        <div className="row actions">
          <OnOff
            name={`project-on:${id}`}
            about={name}
            isOn={!disabled}
            run={(on) => ask(api.PATCH("/api/v1/projects/{id}", { params: { path: { id } }, body: { disabled: !on } }))}
          />
        </div>
      )}
    </article>
  );
}
