import { NativeSelect, TextInput } from "@mantine/core";
import { useNavigate } from "@tanstack/react-router";
import { useText } from "../../locales/text.tsx";
import { useMe } from "../../ui/current-user.ts";
import { TextFilter } from "../../ui/TextFilter.tsx";
import { DIRECTIONS } from "../calls/call-search.ts";
import { DialerFilters } from "../calls/DialerFilters.tsx";
import { DEFAULT_SLA_MINUTES, parseReportSearch, type ReportSearch, toDays } from "./report-search.ts";

const SLA_MINUTES = ["5", "15", "30", "60", "120", "240", "1440"] as const;

/** Each change goes into the address. They are not printed: the page's lead says which days it is about. */
export function ReportFilters({ search }: { search: ReportSearch }) {
  const { t } = useText();
  const { tenant } = useMe();
  const navigate = useNavigate({ from: "/reports" });
  const days = toDays(search, tenant.time_zone);
  const change = (changed: Record<string, unknown>): void => {
    void navigate({ to: "/reports", search: (now) => parseReportSearch({ ...now, ...changed }), replace: true });
  };
  return (
    <search className="screen-only">
      <div className="filters">
        <TextInput
          type="date"
          label={t("filter.from")}
          value={days.from}
          max={days.to}
          onChange={(event) => change({ from: event.currentTarget.value })}
        />
        <TextInput
          type="date"
          label={t("filter.to")}
          value={days.to}
          min={days.from}
          onChange={(event) => change({ to: event.currentTarget.value })}
        />
        <NativeSelect
          label={t("call.direction")}
          value={search.direction ?? ""}
          onChange={(event) => change({ direction: event.currentTarget.value })}
          data={[
            { value: "", label: t("filter.any") },
            ...DIRECTIONS.map((value) => ({ value, label: t(`direction.${value}`) })),
          ]}
        />
        <TextFilter
          label={t("call.extension")}
          value={search.extension}
          onChange={(extension) => change({ extension })}
        />
        <DialerFilters search={search} onChange={change} />
        <NativeSelect
          label={t("reports.sla")}
          value={String(search.sla ?? DEFAULT_SLA_MINUTES)}
          onChange={(event) => change({ sla: Number(event.currentTarget.value) })}
          data={SLA_MINUTES.map((value) => ({ value, label: t("reports.minutes", { count: Number(value) }) }))}
        />
      </div>
    </search>
  );
}
