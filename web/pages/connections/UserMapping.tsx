import { Button, Checkbox, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useId, useState } from "react";
import { api, ask } from "../../api/client.ts";
import type { Schemas } from "../../api/schema.gen.ts";
import { useText } from "../../locales/text.tsx";
import { Badge, type Tone } from "../../ui/Badge.tsx";
import { useMay } from "../../ui/current-user.ts";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { ErrorNote } from "../../ui/ErrorNote.tsx";
import { Loading } from "../../ui/Loading.tsx";
import { Table } from "../../ui/Table.tsx";
import { useAction } from "../../ui/use-action.ts";

type Report = Schemas["ConnectionUsers"];
type Row = Report["extensions"][number];
type Owners = Readonly<Record<string, string>>;

const TONES: Record<NonNullable<Row["problem"]>, Tone> = {
  ...{ contested: "bad", unknown_owner: "bad", overruled: "warn", nobody: "warn", not_here: "still" },
};
/** Drawn at once; the rest is found by the filter. */
const ROWS_MAX = 200;

/** Who over there gets the calls of each extension, with what contradicts; what the CRM itself knows of phones wins. */
export function UserMapping({ connection }: { connection: Schemas["Connection"] }) {
  const { t } = useText();
  const may = useMay();
  const [edits, setEdits] = useState<Owners>({});
  const { id } = connection;
  const isWanted = may("GET /api/v1/connections/{id}/users");
  const params = { params: { path: { id } } };
  const report = useQuery({
    queryKey: ["connection-users", id, connection.version],
    queryFn: ({ signal }) => ask(api.GET("/api/v1/connections/{id}/users", { signal, ...params })),
    enabled: isWanted,
  });
  const save = useAction({
    run: () => {
      const settings = { ...connection.settings, [report.data?.setting ?? ""]: toOwners(report.data, edits) };
      return ask(api.PATCH("/api/v1/connections/{id}", { ...params, body: { settings } }));
    },
    done: t("connection.saved"),
    onDone: () => setEdits({}),
  });
  if (!isWanted) return null;
  const { data } = report;
  const suggestions = data ? toSuggestions(data) : {};
  const suggested = Object.keys(suggestions).filter((extension) => edits[extension] === undefined);
  return (
    <section className="card stack" aria-label={t("phones.title")}>
      <h2>{t("phones.title")}</h2>
      <p className="quiet small">{t("phones.lead")}</p>
      {report.error && <ErrorNote error={report.error} onRetry={() => void report.refetch()} />}
      {report.isLoading && <Loading />}
      {data && data.extensions.length === 0 && <EmptyState title={t("phones.none")}>{t("phones.noneText")}</EmptyState>}
      {data && data.extensions.length > 0 && (
        <>
          {data.is_cut && <p className="note note-warn small">{t("phones.cut")}</p>}
          <OwnerTable report={data} edits={edits} onEdit={(edit) => setEdits({ ...edits, ...edit })} />
          {save.error && <ErrorNote error={save.error} />}
          <div className="row">
            <Button disabled={Object.keys(edits).length === 0} loading={save.isPending} onClick={() => save.mutate()}>
              {t("phones.save")}
            </Button>
            {suggested.length > 0 && (
              <Button variant="default" onClick={() => setEdits({ ...suggestions, ...edits })}>
                {t("phones.suggest", { count: suggested.length })}
              </Button>
            )}
          </div>
        </>
      )}
    </section>
  );
}

interface OwnerTableProps {
  report: Report;
  edits: Owners;
  onEdit(edit: Owners): void;
}

function OwnerTable({ report, edits, onEdit }: OwnerTableProps) {
  const { t } = useText();
  const listId = useId();
  const [isOnlyOpen, setOnlyOpen] = useState(false);
  const labels = new Map(report.users.map(({ id, label }) => [id, label]));
  const rows = report.extensions.filter(({ problem }) => !isOnlyOpen || problem !== null);
  const open = report.extensions.filter(({ problem }) => problem !== null).length;
  return (
    <>
      <Checkbox
        label={t("phones.onlyOpen", { count: open })}
        checked={isOnlyOpen}
        onChange={(event) => setOnlyOpen(event.currentTarget.checked)}
      />
      <Table
        items={rows.slice(0, ROWS_MAX)}
        keyOf={({ extension }) => extension}
        caption={t("phones.title")}
        columns={[
          {
            label: t("phones.extension"),
            show: ({ extension, name }) => <span translate="no">{`${extension}${name ? ` · ${name}` : ""}`}</span>,
          },
          {
            label: t("phones.claimed"),
            show: ({ claimed_by }) => (
              <span translate="no">{claimed_by.map((id) => labels.get(id)).join(", ") || "–"}</span>
            ),
          },
          {
            label: t("phones.mapped"),
            show: ({ extension, mapped }) => (
              <TextInput
                size="xs"
                aria-label={t("phones.mappedOf", { name: extension })}
                list={listId}
                value={edits[extension] ?? mapped ?? ""}
                onChange={(event) => onEdit({ [extension]: event.currentTarget.value })}
              />
            ),
          },
          {
            label: t("phones.owner"),
            show: ({ owner_id }) =>
              owner_id === null ? t("phones.fallback") : <span translate="no">{labels.get(owner_id)}</span>,
          },
          {
            label: t("phones.problem"),
            show: ({ problem }) => problem && <Badge tone={TONES[problem]}>{t(`phones.${problem}`)}</Badge>,
          },
        ]}
      />
      {rows.length > ROWS_MAX && <p className="quiet small">{t("phones.more", { count: rows.length - ROWS_MAX })}</p>}
      <datalist id={listId}>
        {report.users.map(({ id, name, label }) => (
          <option key={id} value={name} translate="no">
            {label}
          </option>
        ))}
      </datalist>
    </>
  );
}

/** The setting as it will be: what stands, with the edits; an empty one takes a line away. */
function toOwners(report: Report | undefined, edits: Owners): Owners {
  const standing = (report?.extensions ?? []).flatMap(({ extension, mapped }) =>
    mapped === null ? [] : [[extension, mapped] as const],
  );
  const wanted = Object.entries({ ...Object.fromEntries(standing), ...edits });
  return Object.fromEntries(wanted.map(([name, text]) => [name, text.trim()]).filter(([, text]) => text !== ""));
}

function toSuggestions({ users, extensions }: Report): Owners {
  return Object.fromEntries(
    extensions.flatMap(({ extension, suggested_id }) => {
      const user = users.find(({ id }) => id === suggested_id);
      return user ? [[extension, user.name]] : [];
    }),
  );
}
