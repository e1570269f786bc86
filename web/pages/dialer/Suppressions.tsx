import { Button, NativeSelect, TextInput } from "@mantine/core";
import { useState } from "react";
import { api, ask } from "../../api/client.ts";
import { type Schemas, SUPPRESSION_SCOPE, SUPPRESSION_SOURCE } from "../../api/schema.gen.ts";
import { useText } from "../../locales/text.tsx";
import { ActionForm } from "../../ui/ActionForm.tsx";
import { useMay } from "../../ui/current-user.ts";
import { textOf } from "../../ui/form-fields.ts";
import { ListCard, usePagedList } from "../../ui/ListCard.tsx";
import { Phone } from "../../ui/Phone.tsx";
import { TextFilter } from "../../ui/TextFilter.tsx";
import { Time } from "../../ui/Time.tsx";
import { useAction } from "../../ui/use-action.ts";
import { toNames, useCampaigns, useProjects } from "./lists.ts";
import { RemoveSuppression } from "./RemoveSuppression.tsx";
import { ScopeChoice, toScope } from "./ScopeChoice.tsx";
import { SuppressionImport } from "./SuppressionImport.tsx";

type Suppression = Schemas["Suppression"];

/** Who is not to be called, by whom it was said, and how widely it holds. */
export function Suppressions() {
  const { t } = useText();
  const may = useMay();
  const [number, setNumber] = useState("");
  const [scope, setScope] = useState<Suppression["scope"]>();
  const [source, setSource] = useState<Suppression["source"]>();
  const query = { ...(number && { number }), ...(scope && { scope }), ...(source && { source }) };
  const list = usePagedList({
    key: ["suppressions", query],
    load: (page, signal) => ask(api.GET("/api/v1/suppressions", { signal, params: { query: { ...query, ...page } } })),
  });
  return (
    <div className="stack">
      {may("POST /api/v1/suppressions") && <AddSuppression />}
      {may("POST /api/v1/suppressions/import") && <SuppressionImport />}
      <div className="filters">
        <TextFilter label={t("dialer.findNumber")} value={number} onChange={setNumber} />
        <NativeSelect
          label={t("dialer.scope")}
          value={scope ?? ""}
          onChange={(event) => setScope(SUPPRESSION_SCOPE.find((one) => one === event.currentTarget.value))}
          data={[
            { value: "", label: t("dialer.everyScope") },
            ...SUPPRESSION_SCOPE.map((value) => ({ value, label: t(`dialer.scopeIs.${value}`) })),
          ]}
        />
        <NativeSelect
          label={t("dialer.source")}
          value={source ?? ""}
          onChange={(event) => setSource(SUPPRESSION_SOURCE.find((one) => one === event.currentTarget.value))}
          data={[
            { value: "", label: t("dialer.everySource") },
            ...SUPPRESSION_SOURCE.map((value) => ({ value, label: t(`dialer.sourceIs.${value}`) })),
          ]}
        />
      </div>
      <ListCard
        kind="suppression"
        list={list}
        empty={{ title: t("dialer.noSuppressions"), text: t("dialer.noSuppressionsText") }}
        isFiltered={Object.keys(query).length > 0}
        columns={[
          { label: t("dialer.number"), className: "number nowrap", show: ({ number }) => <Phone number={number} /> },
          { label: t("dialer.scope"), show: (one) => <Scope of={one} /> },
          { label: t("dialer.reason"), className: "break", show: ({ reason }) => reason || "–" },
          { label: t("dialer.source"), show: (one) => t(`dialer.sourceIs.${one.source}`) },
          { label: t("dialer.when"), show: ({ created_at }) => <Time at={created_at} /> },
          {
            label: t("deliveries.actions"),
            show: (one) => may("DELETE /api/v1/suppressions/{id}") && <RemoveSuppression suppression={one} />,
          },
        ]}
      />
    </div>
  );
}

function Scope({ of: { scope, project_id, campaign_id } }: { of: Suppression }) {
  const { t } = useText();
  const projectOf = toNames(useProjects().data?.items);
  const campaignOf = toNames(useCampaigns().data?.items);
  const name = campaign_id !== null ? campaignOf(campaign_id) : project_id !== null ? projectOf(project_id) : null;
  return (
    <span>
      {t(`dialer.scopeIs.${scope}`)}
      {name !== null && ` · ${name}`}
    </span>
  );
}

function AddSuppression() {
  const { t } = useText();
  const add = useAction({
    run: (form: FormData) => {
      const said = { number: textOf(form, "number"), reason: textOf(form, "reason") };
      return ask(api.POST("/api/v1/suppressions", { body: { ...said, ...toScope(textOf(form, "scope")) } }));
    },
    done: t("dialer.suppressionAdded"),
  });
  return (
    <ActionForm className="card" action={add} isEmptied>
      <h2>{t("dialer.addSuppression")}</h2>
      <div className="filters">
        <TextInput name="number" label={t("dialer.number")} required maxLength={40} autoComplete="off" />
        <ScopeChoice />
        <TextInput name="reason" label={t("dialer.reason")} maxLength={500} autoComplete="off" />
        <Button type="submit" loading={add.isPending}>
          {t("dialer.doNotCall")}
        </Button>
      </div>
    </ActionForm>
  );
}
