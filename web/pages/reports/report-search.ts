import { toDateText, toInstant } from "../../ui/instants.ts";

/** The filters of a report, as they stand in the address. Days are the tenant's. */
export interface ReportSearch {
  from?: string;
  to?: string;
  direction?: "inbound" | "outbound" | "internal";
  extension?: string;
  project?: string;
  campaign?: string;
  /** Minutes. */
  sla?: number;
}

const DAYS = 7;
export const DEFAULT_SLA_MINUTES = 60;

/** Reads what somebody may have typed into the address; what makes no sense is left out. */
export function parseReportSearch(search: Record<string, unknown>): ReportSearch {
  const isDay = (value: unknown): value is string => typeof value === "string" && /^\d{4}-\d\d-\d\d$/.test(value);
  const { from, to } = search;
  const direction = (["inbound", "outbound", "internal"] as const).find((one) => one === search.direction);
  const extension = String(search.extension ?? "").trim();
  const sla = Number(search.sla);
  const id = (name: "project" | "campaign"): string | undefined => /^\d{1,18}$/.exec(String(search[name] ?? ""))?.[0];
  const [project, campaign] = [id("project"), id("campaign")];
  return {
    ...(isDay(from) && { from }),
    ...(isDay(to) && { to }),
    ...(direction && { direction }),
    ...(/^[\w*#-]{1,20}$/.test(extension) && { extension }),
    ...(project && { project }),
    ...(campaign && { campaign }),
    ...(Number.isInteger(sla) && sla >= 1 && sla <= 1_440 && { sla }),
  };
}

/** The days shown: the last week unless said otherwise. */
export function toDays({ from, to }: ReportSearch, timeZone: string): { from: string; to: string } {
  return { from: from ?? toDateText(timeZone, 1 - DAYS), to: to ?? toDateText(timeZone) };
}

/** As the API asks it: whole days of the tenant's zone become instants. */
export function toReportQuery(search: ReportSearch, timeZone: string) {
  const days = toDays(search, timeZone);
  const since = toInstant(days.from, timeZone)?.toISOString();
  const until = toInstant(days.to, timeZone, 1)?.toISOString();
  return {
    ...(since && { since }),
    ...(until && { until }),
    ...(search.direction && { direction: search.direction }),
    ...(search.extension && { extension: search.extension }),
    ...(search.project && { project_id: search.project }),
    ...(search.campaign && { campaign_id: search.campaign }),
    sla_minutes: search.sla ?? DEFAULT_SLA_MINUTES,
  };
}
