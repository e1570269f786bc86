import { Button } from "@mantine/core";
import { fetchSigned } from "../../api/client.ts";
import { toRefusal } from "../../api/problem.ts";
import { useText } from "../../locales/text.tsx";
import { useMay } from "../../ui/current-user.ts";
import { showProblem } from "../../ui/notices.tsx";
import { saveFile } from "../../ui/save-file.ts";
import { useAction } from "../../ui/use-action.ts";

const FORMATS = ["csv", "xlsx"] as const;

/** The report as it is filtered, for a spreadsheet. */
export function ExportReport({ query }: { query: Readonly<Record<string, string | number>> }) {
  const may = useMay();
  if (!may("GET /api/v1/calls/statistics/export")) return null;
  return FORMATS.map((format) => <ExportButton key={format} query={query} format={format} />);
}

function ExportButton({
  query,
  format,
}: {
  query: Readonly<Record<string, string | number>>;
  format: (typeof FORMATS)[number];
}) {
  const { t, language } = useText();
  const separator = language === "en" ? "comma" : "semicolon";
  const take = useAction({ run: () => takeReport({ ...query, format, separator }), onError: showProblem });
  return (
    <Button variant="default" className="screen-only" loading={take.isPending} onClick={() => take.mutate()}>
      {t(`reports.${format}`)}
    </Button>
  );
}

async function takeReport(query: Readonly<Record<string, string | number>>): Promise<void> {
  const search = new URLSearchParams(Object.entries(query).map(([name, value]) => [name, String(value)]));
  const response = await fetchSigned(new Request(`/api/v1/calls/statistics/export?${search}`));
  if (!response.ok) throw toRefusal(response, await response.json().catch(() => null));
  const [, name = "report"] = /filename="([^"]+)"/.exec(response.headers.get("content-disposition") ?? "") ?? [];
  saveFile(await response.blob(), name);
}
