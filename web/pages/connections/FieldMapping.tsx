import { Button, NativeSelect } from "@mantine/core";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api, ask } from "../../api/client.ts";
import type { Schemas } from "../../api/schema.gen.ts";
import { type TextKey, useText } from "../../locales/text.tsx";
import { Badge } from "../../ui/Badge.tsx";
import { useMay } from "../../ui/current-user.ts";
import { ErrorNote } from "../../ui/ErrorNote.tsx";
import { Loading } from "../../ui/Loading.tsx";
import { Table } from "../../ui/Table.tsx";
import { useAction } from "../../ui/use-action.ts";

type Connection = Schemas["Connection"];
type Report = Schemas["ConnectionFields"];
type Field = Report["fields"][number];
type Value = Report["values"][number];
type Mapping = Readonly<Record<string, string>>;

/** In the choice of a field: as usual, and nowhere. No field over there is called so. */
const USUAL = "";
const NOWHERE = "-";

/** Where each value of a call goes over there, with the CRM's own labels and the last call as it would be written. */
export function FieldMapping({ connection }: { connection: Connection }) {
  const { t } = useText();
  const may = useMay();
  const [edited, setEdited] = useState<Mapping | null>(null);
  const { id } = connection;
  const isWanted = may("GET /api/v1/connections/{id}/fields");
  const params = { params: { path: { id } } };
  const report = useQuery({
    queryKey: ["connection-fields", id, connection.version, edited],
    queryFn: ({ signal }) =>
      edited
        ? ask(api.POST("/api/v1/connections/{id}/fields/preview", { signal, ...params, body: { mapping: edited } }))
        : ask(api.GET("/api/v1/connections/{id}/fields", { signal, ...params })),
    placeholderData: keepPreviousData,
    enabled: isWanted,
  });
  const refresh = useAction({
    run: () => ask(api.GET("/api/v1/connections/{id}/fields", { params: { path: { id }, query: { fresh: "true" } } })),
  });
  const save = useAction({
    run: (mapping: Mapping) => {
      const settings = { ...connection.settings, [report.data?.setting ?? ""]: mapping };
      return ask(api.PATCH("/api/v1/connections/{id}", { ...params, body: { settings } }));
    },
    done: t("connection.saved"),
    onDone: () => setEdited(null),
  });
  if (!isWanted) return null;
  const { data } = report;
  return (
    <section className="card stack" aria-label={t("mapping.title")}>
      <div className="row spread">
        <h2>{t("mapping.title")}</h2>
        <Button size="xs" variant="default" loading={refresh.isPending} onClick={() => refresh.mutate()}>
          {t("mapping.refresh")}
        </Button>
      </div>
      {report.error && <ErrorNote error={report.error} onRetry={() => void report.refetch()} />}
      {refresh.error && <ErrorNote error={refresh.error} />}
      {report.isLoading && <Loading />}
      {data && (
        <>
          <p className="quiet small">
            {t("mapping.lead", { place: data.place })} {t(data.sample ? "mapping.sample" : "mapping.noSample")}
          </p>
          <ValueTable report={data} onChoose={(value, choice) => setEdited(choose(data, value, choice))} />
          <Unfilled report={data} />
          {save.error && <ErrorNote error={save.error} />}
          <div className="row">
            <Button disabled={!edited} loading={save.isPending} onClick={() => edited && save.mutate(edited)}>
              {t("mapping.save")}
            </Button>
            {edited && (
              <Button variant="default" onClick={() => setEdited(null)}>
                {t("action.cancel")}
              </Button>
            )}
          </div>
        </>
      )}
    </section>
  );
}

function ValueTable({ report, onChoose }: { report: Report; onChoose(value: string, choice: string): void }) {
  const { t } = useText();
  const fields = new Map(report.fields.map((field) => [field.name, field]));
  const texts = new Map(report.preview.map(({ field, text }) => [field, text]));
  const goals = (value: Value): Field[] => value.fields.flatMap((name) => fields.get(name) ?? []);
  const labelOf = ({ value }: Value): string => t(`callValue.${value}` as TextKey);
  return (
    <Table
      items={report.values}
      keyOf={({ value }) => value}
      caption={t("mapping.title")}
      columns={[
        { label: t("mapping.ours"), show: labelOf },
        {
          label: t("mapping.field"),
          show: (value) => (
            <NativeSelect
              size="xs"
              translate="no"
              aria-label={t("mapping.fieldOf", { name: labelOf(value) })}
              error={value.problem && t(`mapping.${value.problem}`)}
              value={toChoice(value)}
              data={toChoices(report, value, {
                usual: value.wish === null ? goals(value).map(toLabel).join(", ") : "",
                t,
              })}
              onChange={(event) => onChoose(value.value, event.currentTarget.value)}
            />
          ),
        },
        {
          label: t("mapping.kind"),
          show: (value) =>
            goals(value).map(({ name, type, is_mandatory, width_max }) => (
              <div key={name} className="small">
                <span className="mono">{type}</span> {t("mapping.width", { count: width_max })}{" "}
                {is_mandatory && <Badge tone="warn">{t("mapping.mandatory")}</Badge>}
              </div>
            )),
        },
        {
          label: t("mapping.preview"),
          className: "break",
          show: (value) =>
            goals(value).map(({ name }) => (
              <div key={name} className="small" translate="no">
                {texts.get(name) ?? "–"}
              </div>
            )),
        },
      ]}
    />
  );
}

/** Mandatory over there, and nothing of a call goes there: such a call would be refused. */
function Unfilled({ report }: { report: Report }) {
  const { t } = useText();
  const filled = new Set(report.preview.map(({ field }) => field));
  const left = report.fields.filter(
    ({ name, type, is_mandatory, is_writable }) => is_mandatory && is_writable && type !== "owner" && !filled.has(name),
  );
  if (report.preview.length === 0 || left.length === 0) return null;
  return <p className="note note-warn small">{t("mapping.unfilled", { names: left.map(toLabel).join(", ") })}</p>;
}

const toLabel = ({ label }: Field): string => label;

function toChoice({ wish, fields }: Value): string {
  if (wish === null) return USUAL;
  return wish === "" ? NOWHERE : (fields[0] ?? wish);
}

function toChoices(
  report: Report,
  value: Value,
  { usual, t }: { usual: string; t: ReturnType<typeof useText>["t"] },
): { value: string; label: string }[] {
  const writable = report.fields.filter(({ is_writable }) => is_writable);
  const isUnknown = value.problem !== null && value.wish !== null;
  return [
    { value: USUAL, label: usual === "" ? t("mapping.usual") : t("mapping.usualIs", { names: usual }) },
    { value: NOWHERE, label: t("mapping.nowhere") },
    ...(isUnknown && value.wish ? [{ value: value.wish, label: value.wish }] : []),
    ...writable.map(({ name, label, is_mandatory }) => ({
      value: name,
      label: `${label}${is_mandatory ? " *" : ""} (${name})`,
    })),
  ];
}

/** The mapping of the report with one choice changed. */
function choose(report: Report, value: string, choice: string): Mapping {
  const wishes = report.values.flatMap((one) => (one.wish === null ? [] : [[one.value, one.wish] as const]));
  const others = wishes.filter(([name]) => name !== value);
  return Object.fromEntries(choice === USUAL ? others : [...others, [value, choice === NOWHERE ? "" : choice]]);
}
