import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api, ask } from "../../api/client.ts";
import type { Schemas } from "../../api/schema.gen.ts";
import { useText } from "../../locales/text.tsx";
import { useMay } from "../../ui/current-user.ts";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { ErrorNote } from "../../ui/ErrorNote.tsx";
import { Findings } from "../../ui/Findings.tsx";
import { Loading } from "../../ui/Loading.tsx";
import { showProblem } from "../../ui/notices.tsx";
import { RemoveButton, useRemovals } from "../../ui/removals.tsx";
import { Said } from "../../ui/Said.tsx";
import { SecretOnce } from "../../ui/SecretOnce.tsx";
import { Time } from "../../ui/Time.tsx";
import { useAction } from "../../ui/use-action.ts";
import { PbxBadge } from "./PbxBadge.tsx";
import { PbxForm } from "./PbxForm.tsx";

type Pbx = Schemas["Pbx"];

const REFRESH_MS = 5_000;

/** The PBXs, how Enlace stands with each, and what a check finds. */
export function Pbxs() {
  const { t } = useText();
  const may = useMay();
  const { isRemoved } = useRemovals();
  const [edited, setEdited] = useState<Pbx | null>(null);
  const [isOpen, setOpen] = useState(false);
  const edit = (pbx: Pbx | null): void => {
    setEdited(pbx);
    setOpen(true);
  };
  const list = useQuery({
    queryKey: ["pbxs"],
    queryFn: ({ signal }) => ask(api.GET("/api/v1/pbxs", { signal })),
    refetchInterval: REFRESH_MS,
  });
  const pbxs = list.data?.items.filter(({ id }) => !isRemoved(`pbx:${id}`));
  return (
    <div className="stack">
      {may("POST /api/v1/pbxs") && (
        <div className="row">
          <Button aria-haspopup="dialog" onClick={() => edit(null)}>
            {t("pbx.add")}
          </Button>
        </div>
      )}
      {list.error && <ErrorNote error={list.error} onRetry={() => void list.refetch()} />}
      {list.isLoading && <Loading />}
      {pbxs?.length === 0 && (
        <div className="card">
          <EmptyState title={t("pbx.none")}>{t("pbx.noneText")}</EmptyState>
        </div>
      )}
      <div className="cards">
        {pbxs?.map((pbx) => (
          <PbxCard key={pbx.id} pbx={pbx} onEdit={() => edit(pbx)} />
        ))}
      </div>
      <PbxForm pbx={edited} isOpen={isOpen} onClose={() => setOpen(false)} />
    </div>
  );
}

function PbxCard({ pbx, onEdit }: { pbx: Pbx; onEdit(): void }) {
  const { t } = useText();
  const { name, host, port, username, time_zone, status } = pbx;
  return (
    <article className="card">
      <div className="row spread">
        <h2>{name}</h2>
        <PbxBadge pbx={pbx} />
      </div>
      <dl className="facts small">
        <dt>{t("pbx.address")}</dt>
        <dd className="mono">{host === null ? t("pbx.postsOnly") : `${host}:${port}`}</dd>
        <dt>{t("pbx.username")}</dt>
        <dd className="mono">{username ?? "–"}</dd>
        <dt>{t("tenant.zone")}</dt>
        <dd>{time_zone}</dd>
        <dt>{t("pbx.since")}</dt>
        <dd>
          <Time at={status.since} seconds />
        </dd>
        <dt>{t("pbx.asterisk")}</dt>
        <dd>{status.asterisk ?? "–"}</dd>
      </dl>
      {status.problem && (
        <p className="note note-bad small">
          <Said text={status.problem} code={status.problem_code} values={status.problem_values} />
        </p>
      )}
      <PbxActions pbx={pbx} onEdit={onEdit} />
    </article>
  );
}

function PbxActions({ pbx, onEdit }: { pbx: Pbx; onEdit(): void }) {
  const { t } = useText();
  const may = useMay();
  const params = { params: { path: { id: pbx.id } } };
  const check = useAction({ run: () => ask(api.POST("/api/v1/pbxs/{id}/check", params)) });
  if (!may("PATCH /api/v1/pbxs/{id}")) return null;
  return (
    <>
      <div className="row actions">
        {pbx.host !== null && (
          <Button size="xs" variant="default" loading={check.isPending} onClick={() => check.mutate()}>
            {t("connection.checkNow")}
            <span className="visually-hidden"> {pbx.name}</span>
          </Button>
        )}
        <Button size="xs" variant="default" aria-haspopup="dialog" onClick={onEdit}>
          {t("action.edit")}
          <span className="visually-hidden"> {pbx.name}</span>
        </Button>
        {may("POST /api/v1/pbxs/{id}/event-token") && <EventToken pbx={pbx} />}
        <RemoveButton
          label={t("action.remove")}
          about={pbx.name}
          removal={{
            name: `pbx:${pbx.id}`,
            sentence: t("pbx.removed", { name: pbx.name }),
            run: () => ask(api.DELETE("/api/v1/pbxs/{id}", { ...params, keepalive: true })),
          }}
        />
      </div>
      {check.error && <ErrorNote error={check.error} />}
      {check.data && <Findings report={check.data} />}
    </>
  );
}

const TOKEN_OVERLAP_SECONDS = 86_400;

/** A token for the events that the PBX posts; the one before stays good for a day, so that none is lost meanwhile. */
function EventToken({ pbx }: { pbx: Pbx }) {
  const { t } = useText();
  const [token, setToken] = useState<string | null>(null);
  const make = useAction({
    run: () =>
      ask(
        api.POST("/api/v1/pbxs/{id}/event-token", {
          params: { path: { id: pbx.id } },
          body: { overlap_seconds: TOKEN_OVERLAP_SECONDS },
        }),
      ),
    onDone: (made) => setToken(made.token),
    onError: showProblem,
  });
  return (
    <>
      <Button size="xs" variant="default" loading={make.isPending} onClick={() => make.mutate()}>
        {t("pbx.newToken")}
        <span className="visually-hidden"> {pbx.name}</span>
      </Button>
      <SecretOnce title={t("pbx.token")} secret={token} onClose={() => setToken(null)} />
    </>
  );
}
