import { Button, Checkbox, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { api, ask } from "../../api/client.ts";
import type { Schemas } from "../../api/schema.gen.ts";
import { useText } from "../../locales/text.tsx";
import { useMay } from "../../ui/current-user.ts";
import { ErrorNote } from "../../ui/ErrorNote.tsx";
import { useAction } from "../../ui/use-action.ts";
import { WeekCells } from "./WeekCells.tsx";
import { addHours, type Hours, toDayName, toHours, toWindows } from "./week.ts";

/** When the campaign may call, day by day, in its project's zone. */
export function WeekGrid({ campaignId: id }: { campaignId: string }) {
  const { t } = useText();
  const schedule = useQuery({
    queryKey: ["campaign-schedule", id],
    queryFn: ({ signal }) => ask(api.GET("/api/v1/campaigns/{id}/schedule", { signal, params: { path: { id } } })),
  });
  return (
    <section className="card" aria-label={t("dialer.schedule")}>
      <h2>{t("dialer.schedule")}</h2>
      {schedule.error && <ErrorNote error={schedule.error} onRetry={() => void schedule.refetch()} />}
      {schedule.data && <Week key={JSON.stringify(schedule.data.windows)} id={id} schedule={schedule.data} />}
    </section>
  );
}

function Week({ id, schedule }: { id: string; schedule: Schemas["CampaignSchedule"] }) {
  const { t } = useText();
  const may = useMay();
  const [hours, setHours] = useState(() => toHours(schedule.windows));
  const isFixed = !may("PUT /api/v1/campaigns/{id}/schedule");
  const save = useAction({
    run: () =>
      ask(
        api.PUT("/api/v1/campaigns/{id}/schedule", { params: { path: { id } }, body: { windows: toWindows(hours) } }),
      ),
    done: t("dialer.scheduleSaved"),
  });
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    save.mutate();
  };
  return (
    <form className="stack" onSubmit={submit}>
      <p className="quiet small">{t("dialer.scheduleHint", { zone: schedule.time_zone })}</p>
      {schedule.windows.length === 0 && <p className="note note-warn">{t("dialer.noSchedule")}</p>}
      <WeekCells hours={hours} isFixed={isFixed} onChange={setHours} />
      <p className="quiet small">{t("dialer.weekHint")}</p>
      <div className="week">
        {hours.map((row) => (
          <HoursRow
            key={row.key}
            row={row}
            isFixed={isFixed}
            onChange={(changed) => setHours(hours.map((one) => (one.key === row.key ? changed : one)))}
            onAdd={() => setHours(addHours(hours, row.weekday))}
          />
        ))}
      </div>
      {save.error && <ErrorNote error={save.error} />}
      {!isFixed && (
        <div className="row">
          <Button type="submit" loading={save.isPending}>
            {t("dialer.saveSchedule")}
          </Button>
        </div>
      )}
    </form>
  );
}

interface HoursRowProps {
  row: Hours;
  isFixed: boolean;
  onChange(row: Hours): void;
  onAdd(): void;
}

function HoursRow({ row, isFixed, onChange, onAdd }: HoursRowProps) {
  const { t, language } = useText();
  const name = toDayName(row.weekday, language);
  const field = (which: "starts" | "ends") => (
    <TextInput
      type="time"
      aria-label={t(`dialer.hoursField.${which}`, { day: name })}
      required={row.enabled}
      disabled={isFixed || !row.enabled}
      value={row[which]}
      onChange={(event) => onChange({ ...row, [which]: event.currentTarget.value })}
    />
  );
  return (
    <>
      <Checkbox
        size="xs"
        label={name}
        checked={row.enabled}
        disabled={isFixed}
        onChange={(event) => onChange({ ...row, enabled: event.currentTarget.checked })}
      />
      {field("starts")}
      <span aria-hidden="true">–</span>
      {field("ends")}
      {isFixed ? (
        <span />
      ) : (
        <Button size="compact-xs" variant="default" aria-label={t("dialer.addHours", { day: name })} onClick={onAdd}>
          +
        </Button>
      )}
    </>
  );
}
