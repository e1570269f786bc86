import { Button, TextInput } from "@mantine/core";
import { useId } from "react";
import { sendForm } from "../../api/files.ts";
import type { Schemas } from "../../api/schema.gen.ts";
import { useText } from "../../locales/text.tsx";
import { ActionForm } from "../../ui/ActionForm.tsx";
import { textOf } from "../../ui/form-fields.ts";
import { saveFile } from "../../ui/save-file.ts";
import { useAction } from "../../ui/use-action.ts";
import { ScopeChoice, toScope } from "./ScopeChoice.tsx";

/** A whole list of numbers at once. */
export function SuppressionImport() {
  const { t } = useText();
  const id = useId();
  const send = useAction({
    run: (form: FormData) => {
      const query = new URLSearchParams({ ...toScope(textOf(form, "scope")), reason: textOf(form, "reason") });
      const list = new FormData();
      list.set("file", form.get("file") as File);
      return sendForm<Schemas["SuppressionImport"]>(`/api/v1/suppressions/import?${query}`, list);
    },
  });
  return (
    <ActionForm className="card stack" action={send} isEmptied>
      <h2>{t("dialer.importSuppressions")}</h2>
      <div className="filters">
        <div className="wide">
          <label htmlFor={id}>{t("dialer.chooseNumbers")}</label>
          <div>
            <input id={id} name="file" type="file" accept=".csv,.txt" required />
          </div>
        </div>
        <ScopeChoice />
        <TextInput name="reason" label={t("dialer.reason")} maxLength={500} autoComplete="off" />
        <Button type="submit" loading={send.isPending}>
          {t("dialer.importNow")}
        </Button>
      </div>
      {send.data && <Report report={send.data} />}
    </ActionForm>
  );
}

function Report({
  report: { inserted, duplicates, invalid, invalid_lines },
}: {
  report: Schemas["SuppressionImport"];
}) {
  const { t } = useText();
  const save = (): void => {
    const text = invalid_lines.map(({ line, value }) => `${line},${toCell(value)}\r\n`).join("");
    saveFile(new Blob([`line,value\r\n${text}`], { type: "text/csv" }), "invalid.csv");
  };
  return (
    <div className={`note row ${invalid === 0 ? "note-good" : "note-warn"}`} role="status">
      {t("dialer.numbersTaken", { inserted, duplicates, invalid })}
      {invalid_lines.length > 0 && (
        <Button size="compact-xs" variant="default" onClick={save}>
          {t("dialer.saveInvalid")}
        </Button>
      )}
    </div>
  );
}

/** A spreadsheet would run what begins like a formula. */
const toCell = (value: string): string =>
  `"${(/^[=+\-@\t\r]/.test(value) ? `'${value}` : value).replaceAll('"', '""')}"`;
