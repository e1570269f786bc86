import { Button } from "@mantine/core";
import { useState } from "react";
import { api, ask } from "../../api/client.ts";
import type { Schemas } from "../../api/schema.gen.ts";
import { useText } from "../../locales/text.tsx";
import { Badge } from "../../ui/Badge.tsx";
import { ConfirmButton } from "../../ui/ConfirmButton.tsx";
import { useMay } from "../../ui/current-user.ts";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { ErrorNote } from "../../ui/ErrorNote.tsx";
import { Loading } from "../../ui/Loading.tsx";
import { Limits } from "./Limits.tsx";
import { toNames, usePbxs, useTrunks } from "./lists.ts";
import { PbxSounds } from "./PbxSounds.tsx";
import { TrunkForm } from "./TrunkForm.tsx";

type Trunk = Schemas["Trunk"];

/** The lines to carriers, and how much each may carry. */
export function Trunks() {
  const { t } = useText();
  const may = useMay();
  const [edited, setEdited] = useState<Trunk | null>(null);
  const [isOpen, setOpen] = useState(false);
  const list = useTrunks();
  const pbxs = usePbxs();
  const edit = (trunk: Trunk | null): void => {
    setEdited(trunk);
    setOpen(true);
  };
  const trunks = list.data?.items ?? [];
  const pbxOf = toNames(pbxs.data?.items);
  return (
    <div className="stack">
      {may("POST /api/v1/trunks") && (
        <div className="row">
          <Button onClick={() => edit(null)}>{t("dialer.addTrunk")}</Button>
        </div>
      )}
      {list.error && <ErrorNote error={list.error} onRetry={() => void list.refetch()} />}
      {list.isLoading && <Loading />}
      {list.data && (
        <div className="card card-flush">
          {trunks.length === 0 && <EmptyState title={t("dialer.noTrunks")}>{t("dialer.noTrunksText")}</EmptyState>}
          {trunks.length > 0 && (
            <table className="grid-table folds">
              <thead>
                <tr>
                  <th scope="col">{t("dialer.name")}</th>
                  <th scope="col">{t("dialer.pbx")}</th>
                  <th scope="col">{t("dialer.dialTemplate")}</th>
                  <th scope="col">{t("dialer.perSecond")}</th>
                  <th scope="col">{t("dialer.channels")}</th>
                  <th scope="col">{t("deliveries.actions")}</th>
                </tr>
              </thead>
              <tbody>
                {trunks.map((trunk) => (
                  <TrunkRow key={trunk.id} trunk={trunk} pbx={pbxOf(trunk.pbx_id)} onEdit={() => edit(trunk)} />
                ))}
              </tbody>
            </table>
          )}
        </div>
      )}
      <Limits />
      <PbxSounds />
      <TrunkForm trunk={edited} isOpen={isOpen} onClose={() => setOpen(false)} />
    </div>
  );
}

function TrunkRow({ trunk, pbx, onEdit }: { trunk: Trunk; pbx: string; onEdit(): void }) {
  const { t } = useText();
  const may = useMay();
  const { id, name, dial_template, per_second, channels_max, enabled, account } = trunk;
  return (
    <tr>
      <td data-label={t("dialer.name")}>
        <span className="row">
          {name}
          {!enabled && <Badge tone="still">{t("dialer.disabled")}</Badge>}
          {account && <Badge tone="busy">{t("dialer.written")}</Badge>}
        </span>
      </td>
      <td data-label={t("dialer.pbx")}>{pbx}</td>
      <td data-label={t("dialer.dialTemplate")} className="mono break">
        {dial_template}
      </td>
      <td data-label={t("dialer.perSecond")} className="number">
        {per_second ?? "–"}
      </td>
      <td data-label={t("dialer.channels")} className="number">
        {channels_max}
      </td>
      <td data-label={t("deliveries.actions")}>
        {may("PATCH /api/v1/trunks/{id}") && (
          <div className="row">
            <Button size="xs" variant="default" onClick={onEdit}>
              {t("action.edit")}
              <span className="visually-hidden"> {name}</span>
            </Button>
            <ConfirmButton
              label={t("action.remove")}
              about={name}
              question={t("dialer.removeTrunkQuestion", { name })}
              done={t("dialer.trunkRemoved")}
              run={() => ask(api.DELETE("/api/v1/trunks/{id}", { params: { path: { id } } }))}
            />
          </div>
        )}
      </td>
    </tr>
  );
}
