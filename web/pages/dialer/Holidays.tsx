import { Button, Textarea } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import type { FormEvent } from "react";
import { api, ask } from "../../api/client.ts";
import { useText } from "../../locales/text.tsx";
import { useMay } from "../../ui/current-user.ts";
import { ErrorNote } from "../../ui/ErrorNote.tsx";
import { useAction } from "../../ui/use-action.ts";
import { fromHolidays, toHolidays } from "./week.ts";

/** Days on which no project calls. */
export function Holidays() {
  const { t } = useText();
  const may = useMay();
  const list = useQuery({
    queryKey: ["holidays"],
    queryFn: ({ signal }) => ask(api.GET("/api/v1/holidays", { signal })),
  });
  const save = useAction({
    run: (form: FormData) =>
      ask(api.PUT("/api/v1/holidays", { body: { holidays: toHolidays(String(form.get("holidays") ?? "")) } })),
    done: t("dialer.holidaysSaved"),
  });
  const isFixed = !may("PUT /api/v1/holidays");
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    save.mutate(new FormData(event.currentTarget));
  };
  if (list.error) return <ErrorNote error={list.error} onRetry={() => void list.refetch()} />;
  if (!list.data) return null;
  return (
    <form className="card stack" key={JSON.stringify(list.data)} onSubmit={submit}>
      <h2>{t("dialer.holidays")}</h2>
      <Textarea
        size="xs"
        name="holidays"
        label={t("dialer.holidaysLabel")}
        description={t("dialer.holidaysHint")}
        rows={4}
        disabled={isFixed}
        defaultValue={fromHolidays(list.data.holidays)}
      />
      {save.error && <ErrorNote error={save.error} />}
      {!isFixed && (
        <div className="row">
          <Button type="submit" loading={save.isPending}>
            {t("dialer.saveHolidays")}
          </Button>
        </div>
      )}
    </form>
  );
}
