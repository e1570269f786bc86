import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api, ask } from "../../api/client.ts";
import type { Schemas } from "../../api/schema.gen.ts";
import { useText } from "../../locales/text.tsx";
import { Badge } from "../../ui/Badge.tsx";
import { useMay } from "../../ui/current-user.ts";
import { useDecided } from "../../ui/decisions.ts";
import { ListCard } from "../../ui/ListCard.tsx";
import { OnOff } from "../../ui/OnOff.tsx";
import { RemoveButton } from "../../ui/removals.tsx";
import { Limits } from "./Limits.tsx";
import { toNames, usePbxs, useTrunks } from "./lists.ts";
import { PbxSounds } from "./PbxSounds.tsx";
import { TrunkFiles } from "./TrunkFiles.tsx";
import { TrunkForm } from "./TrunkForm.tsx";

type Trunk = Schemas["Trunk"];
type Health = Schemas["DialerLive"]["trunks"][number]["health"];
const REFRESH_MS = 2_000;

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
  const live = useQuery({
    queryKey: ["dialer-live"],
    queryFn: ({ signal }) => ask(api.GET("/api/v1/dialer/live", { signal })),
    refetchInterval: REFRESH_MS,
  });
  const loadOf = (id: string) => live.data?.trunks.find(({ trunk_id }) => trunk_id === id);
  const pbxOf = toNames(pbxs.data?.items);
  return (
    <div className="stack">
      {may("POST /api/v1/trunks") && (
        <div className="row">
          <Button aria-haspopup="dialog" onClick={() => edit(null)}>
            {t("dialer.addTrunk")}
          </Button>
        </div>
      )}
      <ListCard
        kind="trunk"
        list={{ query: list, items: list.data?.items ?? [] }}
        empty={{ title: t("dialer.noTrunks"), text: t("dialer.noTrunksText") }}
        columns={[
          { label: t("dialer.name"), show: (trunk) => <TrunkName trunk={trunk} health={loadOf(trunk.id)?.health} /> },
          { label: t("dialer.pbx"), show: ({ pbx_id }) => pbxOf(pbx_id) },
          { label: t("dialer.dialTemplate"), className: "mono break", show: ({ dial_template }) => dial_template },
          {
            label: t("dialer.perSecond"),
            className: "number",
            show: ({ id, per_second }) => toLoadText(loadOf(id)?.per_second, per_second),
          },
          {
            label: t("dialer.channels"),
            className: "number",
            show: ({ id, channels_max }) => toLoadText(loadOf(id)?.calls, channels_max),
          },
          {
            label: t("deliveries.actions"),
            show: (trunk) => may("PATCH /api/v1/trunks/{id}") && <TrunkActions trunk={trunk} onEdit={edit} />,
          },
        ]}
      />
      <Limits />
      <PbxSounds />
      <TrunkFiles />
      <TrunkForm trunk={edited} isOpen={isOpen} onClose={() => setOpen(false)} />
    </div>
  );
}

/** How much it carries now, of what it may. */
const toLoadText = (now: number | undefined, max: number | null): string => `${now ?? 0} / ${max ?? "∞"}`;

function TrunkName({ trunk: { id, name, enabled, account }, health }: { trunk: Trunk; health: Health | undefined }) {
  const { t } = useText();
  const isOn = useDecided(`trunk-on:${id}`, enabled);
  return (
    <span className="row">
      {name}
      {!isOn && <Badge tone="still">{t("dialer.disabled")}</Badge>}
      {account && <Badge tone="busy">{t("dialer.written")}</Badge>}
      {(health === "open" || health === "half_open") && <Badge tone="bad">{t(`dialer.trunkIs.${health}`)}</Badge>}
    </span>
  );
}

function TrunkActions({ trunk, onEdit }: { trunk: Trunk; onEdit(trunk: Trunk): void }) {
  const { t } = useText();
  const { id, name, enabled } = trunk;
  const params = { params: { path: { id } } };
  return (
    <div className="row">
      <OnOff
        name={`trunk-on:${id}`}
        about={name}
        isOn={enabled}
        run={(isOn) => ask(api.PATCH("/api/v1/trunks/{id}", { ...params, body: { enabled: isOn } }))}
      />
      <Button size="xs" variant="default" aria-haspopup="dialog" onClick={() => onEdit(trunk)}>
        {t("action.edit")}
        <span className="visually-hidden"> {name}</span>
      </Button>
      <RemoveButton
        label={t("action.remove")}
        about={name}
        removal={{
          name: `trunk:${id}`,
          sentence: t("dialer.removed", { name }),
          run: () => ask(api.DELETE("/api/v1/trunks/{id}", { ...params, keepalive: true })),
        }}
      />
    </div>
  );
}
