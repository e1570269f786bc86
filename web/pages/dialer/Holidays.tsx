import { Button, Textarea } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { api, ask } from "../../api/client.ts";
import { useText } from "../../locales/text.tsx";
import { ActionForm } from "../../ui/ActionForm.tsx";
import { useMay } from "../../ui/current-user.ts";
import { ErrorNote } from "../../ui/ErrorNote.tsx";
import { textOf } from "../../ui/form-fields.ts";
import { useAction } from "../../ui/use-action.ts";
import { fromHolidays, toHolidays } from "./week.ts";

/** Days without calls: of one project, or of all of them. */
export function Holidays({ projectId }: { projectId?: string }) {
  const { t } = useText();
  const may = useMay();
  const params = { query: projectId === undefined ? {} : { project_id: projectId } };
  const list = useQuery({
    queryKey: ["holidays", projectId],
    queryFn: ({ signal }) => ask(api.GET("/api/v1/holidays", { signal, params })),
  });
  const save = useAction({
    run: (form: FormData) =>
      ask(api.PUT("/api/v1/holidays", { params, body: { holidays: toHolidays(textOf(form, "holidays")) } })),
    done: t("dialer.holidaysSaved"),
  });
  const isFixed = !may("PUT /api/v1/holidays");
  if (list.error) return <ErrorNote error={list.error} onRetry={() => void list.refetch()} />;
  if (!list.data) return null;
  return (
    <ActionForm className="card stack narrow" key={JSON.stringify(list.data)} action={save}>
      <h2>{t("dialer.holidays")}</h2>
      <Textarea
        size="xs"
        name="holidays"
        label={t("dialer.holidaysLabel")}
        description={t(projectId === undefined ? "dialer.holidaysHint" : "dialer.projectHolidaysHint")}
        rows={4}
        disabled={isFixed}
        defaultValue={fromHolidays(list.data.holidays)}
      />
      {!isFixed && (
        <div className="row">
          <Button type="submit" loading={save.isPending}>
            {t("dialer.saveHolidays")}
          </Button>
        </div>
      )}
    </ActionForm>
  );
}
