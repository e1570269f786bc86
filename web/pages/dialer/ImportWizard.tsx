import { Button } from "@mantine/core";
import { useId, useState } from "react";
import { sendForm } from "../../api/files.ts";
import type { Schemas } from "../../api/schema.gen.ts";
import { useText } from "../../locales/text.tsx";
import { ErrorNote } from "../../ui/ErrorNote.tsx";
import { Loading } from "../../ui/Loading.tsx";
import { useAction } from "../../ui/use-action.ts";
import { ColumnMapping } from "./ColumnMapping.tsx";
import { type Mapping, toMapping, toQuery } from "./column-mapping.ts";

/** The head of a text is enough to see its columns; a workbook has its list of parts at its end. */
const HEAD_BYTES = 64 * 1024;
type Header = Mapping["header"] | "auto";

/** A list of people into a campaign: choose the file, see how it is read, say what each column is, send it. */
export function ImportWizard({ campaignId }: { campaignId: string }) {
  const { t } = useText();
  const [file, setFile] = useState<File | null>(null);
  const [mapping, setMapping] = useState<Mapping | null>(null);
  const [round, setRound] = useState(0);
  const [sent, setSent] = useState(0);
  const path = `/api/v1/campaigns/${encodeURIComponent(campaignId)}/import`;
  const look = useAction({
    run: ({ from, header }: { from: File; header: Header }) =>
      sendForm<Schemas["CampaignListPreview"]>(`${path}/preview?header=${header}`, toForm(toHead(from), from.name)),
    onDone: (preview) => setMapping(toMapping(preview)),
  });
  const send = useAction({
    run: (list: { file: File; mapping: Mapping }) =>
      sendForm<Schemas["CampaignImport"]>(
        `${path}?${toQuery(list.mapping)}`,
        toForm(list.file, list.file.name),
        setSent,
      ),
    done: t("dialer.importBegun"),
    onDone: () => {
      choose(null);
      setRound(round + 1); // an empty field again
    },
  });
  const choose = (given: File | null): void => {
    send.reset();
    look.reset();
    setSent(0);
    setFile(given);
    setMapping(null);
    if (given) look.mutate({ from: given, header: "auto" });
  };
  const id = useId();
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
          onChange={(event) => choose(event.currentTarget.files?.[0] ?? null)}
        />
      </div>
      {look.isPending && <Loading />}
      {look.error && <ErrorNote error={look.error} />}
      {file && mapping && (
        <>
          <ColumnMapping
            mapping={mapping}
            onChange={setMapping}
            onHeader={(header) => look.mutate({ from: file, header })}
          />
          <div className="row">
            <Button loading={send.isPending} onClick={() => send.mutate({ file, mapping })}>
              {t("dialer.importNow")}
            </Button>
            {send.isPending && <progress value={sent} aria-label={t("dialer.sending")} />}
          </div>
        </>
      )}
      {send.error && <ErrorNote error={send.error} />}
    </section>
  );
}

const toHead = (file: File): Blob => (/\.xlsx$/i.test(file.name) ? file : file.slice(0, HEAD_BYTES));

function toForm(file: Blob, name: string): FormData {
  const form = new FormData();
  form.set("file", file, name);
  return form;
}
