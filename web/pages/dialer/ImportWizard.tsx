import { Button, Checkbox, NativeSelect } from "@mantine/core";
import { type ChangeEvent, useId, useState } from "react";
import { sendForm } from "../../api/files.ts";
import type { Schemas } from "../../api/schema.gen.ts";
import { useText } from "../../locales/text.tsx";
import { ErrorNote } from "../../ui/ErrorNote.tsx";
import { useAction } from "../../ui/use-action.ts";
import { HEAD_BYTES, type ListPreview, toPreview } from "./list-preview.ts";

interface Chosen {
  file: File;
  /** `null`: a workbook, or nothing that can be shown; the server reads it all the same. */
  preview: ListPreview | null;
  numberAt: number;
  hasHeader: boolean;
}

/** A list of people into a campaign: choose the file, see its columns, say which one has the number, send it. */
export function ImportWizard({ campaignId }: { campaignId: string }) {
  const { t } = useText();
  const [chosen, setChosen] = useState<Chosen | null>(null);
  const [round, setRound] = useState(0);
  const send = useAction({
    run: (given: Chosen) => sendList(campaignId, given),
    done: t("dialer.importBegun"),
    onDone: () => {
      setChosen(null);
      setRound(round + 1); // an empty field again
    },
  });
  const id = useId();
  const choose = async (event: ChangeEvent<HTMLInputElement>): Promise<void> => {
    const [file] = event.currentTarget.files ?? [];
    send.reset();
    setChosen(file ? await open(file) : null);
  };
  return (
    <section className="card stack" aria-label={t("dialer.import")}>
      <h2>{t("dialer.import")}</h2>
      <div>
        <label htmlFor={id}>{t("dialer.chooseList")}</label>
        <p className="quiet small" id={`${id}-hint`}>
          {t("dialer.listHint")}
        </p>
        <input
          key={round}
          id={id}
          type="file"
          accept=".csv,.txt,.xlsx"
          aria-describedby={`${id}-hint`}
          onChange={(event) => void choose(event)}
        />
      </div>
      {chosen && <Columns chosen={chosen} onChange={setChosen} />}
      {send.error && <ErrorNote error={send.error} />}
      {chosen && (
        <div className="row">
          <Button loading={send.isPending} onClick={() => send.mutate(chosen)}>
            {t("dialer.importNow")}
          </Button>
        </div>
      )}
    </section>
  );
}

async function open(file: File): Promise<Chosen> {
  const isText = !/\.xlsx$/i.test(file.name);
  const preview = isText ? toPreview(await file.slice(0, HEAD_BYTES).text()) : null;
  return { file, preview, numberAt: preview?.numberAt ?? 0, hasHeader: preview?.hasHeader ?? true };
}

function sendList(
  campaignId: string,
  { file, preview, numberAt, hasHeader }: Chosen,
): Promise<Schemas["CampaignImport"]> {
  const form = new FormData();
  form.set("file", file);
  const mapping = preview && { number_column: String(numberAt + 1), header: hasHeader ? "yes" : "no" };
  const query = new URLSearchParams({ ...mapping });
  return sendForm(`/api/v1/campaigns/${encodeURIComponent(campaignId)}/import?${query}`, form);
}

function Columns({ chosen, onChange }: { chosen: Chosen; onChange(chosen: Chosen): void }) {
  const { t } = useText();
  const { preview, numberAt, hasHeader } = chosen;
  if (!preview) return <p className="note note-info">{t("dialer.noPreview")}</p>;
  const names = hasHeader === preview.hasHeader ? preview.columns : preview.columns.map((_, at) => `${at + 1}`);
  return (
    <>
      <div className="filters">
        <NativeSelect
          label={t("dialer.numberColumn")}
          value={String(numberAt)}
          onChange={(event) => onChange({ ...chosen, numberAt: Number(event.currentTarget.value) })}
          data={names.map((name, at) => ({ value: String(at), label: name }))}
        />
        <Checkbox
          size="xs"
          label={t("dialer.hasHeader")}
          checked={hasHeader}
          onChange={(event) => onChange({ ...chosen, hasHeader: event.currentTarget.checked })}
        />
      </div>
      <div className="card-flush">
        <table className="grid-table">
          <caption className="visually-hidden">{t("dialer.preview")}</caption>
          <thead>
            <tr>
              {names.map((name, at) => (
                // biome-ignore lint/suspicious/noArrayIndexKey: a column is its place
                <th scope="col" key={at}>
                  {name}
                  {at === numberAt && <span className="badge badge-good">{t("dialer.number")}</span>}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {preview.rows.map((row, line) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: a row of a file has no other name
              <tr key={line}>
                {names.map((name, at) => (
                  // biome-ignore lint/suspicious/noArrayIndexKey: a column is its place
                  <td key={at} className="break" data-label={name}>
                    {row[at] ?? ""}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </>
  );
}
