import { Button } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { api, ask } from "../../api/client.ts";
import { saveFile } from "../../api/files.ts";
import type { Schemas } from "../../api/schema.gen.ts";
import { useText } from "../../locales/text.tsx";
import { Badge, type Tone } from "../../ui/Badge.tsx";
import { ListCard } from "../../ui/ListCard.tsx";
import { showProblem } from "../../ui/notices.tsx";
import { Said } from "../../ui/Said.tsx";
import { Time } from "../../ui/Time.tsx";
import { useAction } from "../../ui/use-action.ts";

type Import = Schemas["CampaignImport"];
const TONES: Record<Import["state"], Tone> = { running: "busy", finished: "good", failed: "bad" };
const REFRESH_MS = 1_000;

/** The lists that were taken in, how far those are that are still read, and the lines that could not be used. */
export function Imports({ campaignId: id }: { campaignId: string }) {
  const { t } = useText();
  const list = useQuery({
    queryKey: ["campaign-imports", id],
    queryFn: ({ signal }) => ask(api.GET("/api/v1/campaigns/{id}/imports", { signal, params: { path: { id } } })),
    refetchInterval: ({ state }) => (state.data?.items.some((one) => one.state === "running") ? REFRESH_MS : false),
  });
  const items = list.data?.items ?? [];
  const linesRead = items.reduce((sum, { lines_read }) => sum + lines_read, 0);
  const queries = useQueryClient();
  // Whoever was added is a contact of the campaign, and counts.
  useEffect(() => {
    if (linesRead === 0) return;
    for (const name of ["campaign", "campaign-contacts"]) void queries.invalidateQueries({ queryKey: [name, id] });
  }, [queries, id, linesRead]);
  if (!list.error && items.length === 0) return null;
  return (
    <section aria-label={t("dialer.imports")}>
      <h2 className="section-title">{t("dialer.imports")}</h2>
      <ListCard
        list={{ query: list, items }}
        empty={{ title: t("dialer.noImports"), text: t("dialer.noImportsText") }}
        columns={[
          { label: t("dialer.file"), className: "break", show: (one) => <FileName one={one} /> },
          { label: t("dialer.stateLabel"), show: (one) => <Progress one={one} /> },
          { label: t("dialer.linesRead"), className: "number", show: ({ lines_read }) => lines_read },
          { label: t("dialer.taken"), className: "number", show: ({ inserted }) => inserted },
          { label: t("dialer.duplicates"), className: "number", show: ({ duplicates }) => duplicates },
          { label: t("dialer.invalid"), className: "number", show: (one) => <Invalid one={one} /> },
          { label: t("dialer.when"), show: ({ created_at }) => <Time at={created_at} seconds /> },
        ]}
      />
    </section>
  );
}

function FileName({ one: { file_name, kind, problem, ...words } }: { one: Import }) {
  const { t } = useText();
  return (
    <div>
      {file_name || t(`dialer.kind.${kind}`)}
      {problem && (
        <p className="note note-bad small">
          <Said text={problem} code={words.problem_code} values={words.problem_values} />
        </p>
      )}
    </div>
  );
}

/** How many lines there are is known at the end only: until then the bar says that something moves. */
function Progress({ one: { state, file_name } }: { one: Import }) {
  const { t } = useText();
  return (
    <span className="row">
      <Badge tone={TONES[state]}>{t(`dialer.importState.${state}`)}</Badge>
      {state === "running" && <progress aria-label={t("dialer.progressOf", { name: file_name })} />}
    </span>
  );
}

function Invalid({ one }: { one: Import }) {
  const { t } = useText();
  const save = useAction({
    run: () => saveFile(`/api/v1/imports/${encodeURIComponent(one.id)}/invalid`, `import-${one.id}-invalid.csv`),
    onError: showProblem,
  });
  return (
    <span className="row">
      {one.invalid}
      {one.invalid > 0 && (
        <Button size="compact-xs" variant="default" loading={save.isPending} onClick={() => save.mutate()}>
          {t("dialer.saveInvalid")}
          <span className="visually-hidden"> {one.file_name}</span>
        </Button>
      )}
    </span>
  );
}
