import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { api, ask } from "../../api/client.ts";
import { saveFile } from "../../api/files.ts";
import type { Schemas } from "../../api/schema.gen.ts";
import { useText } from "../../locales/text.tsx";
import { Badge, type Tone } from "../../ui/Badge.tsx";
import { ErrorNote } from "../../ui/ErrorNote.tsx";
import { showProblem } from "../../ui/notices.tsx";
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
  if (list.error) return <ErrorNote error={list.error} onRetry={() => void list.refetch()} />;
  if (!list.data || list.data.items.length === 0) return null;
  return (
    <section aria-label={t("dialer.imports")}>
      <h2 className="section-title">{t("dialer.imports")}</h2>
      <div className="card card-flush">
        <table className="grid-table folds">
          <thead>
            <tr>
              <th scope="col">{t("dialer.file")}</th>
              <th scope="col">{t("dialer.stateLabel")}</th>
              <th scope="col">{t("dialer.linesRead")}</th>
              <th scope="col">{t("dialer.taken")}</th>
              <th scope="col">{t("dialer.duplicates")}</th>
              <th scope="col">{t("dialer.invalid")}</th>
              <th scope="col">{t("dialer.when")}</th>
            </tr>
          </thead>
          <tbody>
            {list.data.items.map((one) => (
              <ImportRow key={one.id} one={one} />
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

function ImportRow({ one }: { one: Import }) {
  const { t } = useText();
  const save = useAction({
    run: () => saveFile(`/api/v1/imports/${encodeURIComponent(one.id)}/invalid`, `import-${one.id}-invalid.csv`),
    onError: showProblem,
  });
  return (
    <tr>
      <td data-label={t("dialer.file")} className="break">
        {one.file_name || t(`dialer.kind.${one.kind}`)}
        {one.problem && <p className="note note-bad small">{one.problem}</p>}
      </td>
      <td data-label={t("dialer.stateLabel")}>
        <Badge tone={TONES[one.state]}>{t(`dialer.importState.${one.state}`)}</Badge>
      </td>
      <td data-label={t("dialer.linesRead")} className="number">
        {one.lines_read}
      </td>
      <td data-label={t("dialer.taken")} className="number">
        {one.inserted}
      </td>
      <td data-label={t("dialer.duplicates")} className="number">
        {one.duplicates}
      </td>
      <td data-label={t("dialer.invalid")} className="number">
        <span className="row">
          {one.invalid}
          {one.invalid > 0 && (
            <Button size="compact-xs" variant="default" loading={save.isPending} onClick={() => save.mutate()}>
              {t("dialer.saveInvalid")}
              <span className="visually-hidden"> {one.file_name}</span>
            </Button>
          )}
        </span>
      </td>
      <td data-label={t("dialer.when")}>
        <Time at={one.created_at} seconds />
      </td>
    </tr>
  );
}
