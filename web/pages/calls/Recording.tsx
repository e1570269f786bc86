import { Button } from "@mantine/core";
import { toRefusal } from "../../api/problem.ts";
import type { Schemas } from "../../api/schema.gen.ts";
import { loadToken } from "../../api/session.ts";
import { useText } from "../../locales/text.tsx";
import { useMay } from "../../ui/current-user.ts";
import { showProblem } from "../../ui/notices.tsx";
import { OutsideLink } from "../../ui/outside-link.tsx";
import { useAction } from "../../ui/use-action.ts";

/** What was recorded: where the PBX keeps it, and a copy by way of Enlace for those who may have one. */
export function Recording({ call }: { call: Schemas["CallDetail"] }) {
  const { t } = useText();
  const may = useMay();
  const save = useAction({ run: () => saveRecording(call.id), onError: showProblem });
  if (!call.recording) return t("call.noRecording");
  return (
    <span className="row">
      <OutsideLink url={call.recording.url}>{t("call.listen")}</OutsideLink>
      {may("GET /api/v1/calls/{id}/recording") && (
        <Button size="compact-xs" variant="default" loading={save.isPending} onClick={() => save.mutate()}>
          {t("call.download")}
        </Button>
      )}
    </span>
  );
}

/** A link cannot carry the access token, so the file is fetched and handed to the browser. */
async function saveRecording(id: string): Promise<void> {
  const token = await loadToken();
  const headers = { authorization: `Bearer ${token}` };
  const response = await fetch(`/api/v1/calls/${encodeURIComponent(id)}/recording?download=1`, { headers });
  if (!response.ok) throw toRefusal(response, await response.json().catch(() => null));
  const [, name = `call-${id}`] = /filename="([^"]+)"/.exec(response.headers.get("content-disposition") ?? "") ?? [];
  const url = URL.createObjectURL(await response.blob());
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  URL.revokeObjectURL(url);
}
