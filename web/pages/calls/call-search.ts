import type { paths } from "../../api/schema.gen.ts";
import { toInstant } from "../../ui/instants.ts";

type Query = NonNullable<paths["/api/v1/calls"]["get"]["parameters"]["query"]>;

export const DIRECTIONS = ["inbound", "outbound", "internal"] as const;
export const OUTCOMES = [
  "answered",
  "missed",
  "busy",
  "failed",
  "cancelled",
  "machine",
  "transferred",
  "lost",
  "in_progress",
] as const satisfies readonly NonNullable<Query["outcome"]>[];
/** How a call stands with the CRMs. */
export const CONNECTION_STATES = [
  "delivered",
  "waiting",
  "failed",
  "not_linked",
] as const satisfies readonly NonNullable<Query["connection_state"]>[];

/** The filters of the list of calls, as they stand in the address. Days are the tenant's. */
export interface CallSearch {
  from?: string;
  to?: string;
  direction?: (typeof DIRECTIONS)[number];
  outcome?: (typeof OUTCOMES)[number];
  extension?: string;
  number?: string;
  project?: string;
  campaign?: string;
  crm?: (typeof CONNECTION_STATES)[number];
  connection?: string;
}

/** Reads what somebody may have typed into the address; what makes no sense is left out. */
export function parseCallSearch(search: Record<string, unknown>): CallSearch {
  const text = (name: string): string | undefined => {
    const value = search[name];
    const word = typeof value === "number" ? String(value) : value;
    return typeof word === "string" && word.trim() !== "" && word.length <= 100 ? word : undefined;
  };
  const date = (name: string): string | undefined =>
    /^\d{4}-\d\d-\d\d$/.test(text(name) ?? "") ? text(name) : undefined;
  const id = (name: string): string | undefined => (/^\d{1,18}$/.test(text(name) ?? "") ? text(name) : undefined);
  return dropEmpty({
    from: date("from"),
    to: date("to"),
    direction: DIRECTIONS.find((one) => one === search.direction),
    outcome: OUTCOMES.find((one) => one === search.outcome),
    extension: text("extension"),
    number: text("number"),
    project: id("project"),
    campaign: id("campaign"),
    crm: CONNECTION_STATES.find((one) => one === search.crm),
    connection: id("connection"),
  });
}

/** As the API asks it: whole days of the tenant's zone become instants. */
export function toCallQuery(
  { from, to, project, campaign, crm, connection, ...rest }: CallSearch,
  timeZone: string,
): Query {
  return dropEmpty({
    ...rest,
    since: from && toInstant(from, timeZone)?.toISOString(),
    until: to && toInstant(to, timeZone, 1)?.toISOString(),
    project_id: project,
    campaign_id: campaign,
    connection_state: crm,
    connection_id: connection,
  });
}

type Full<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

function dropEmpty<T extends object>(fields: T): Full<T> {
  return Object.fromEntries(
    Object.entries(fields).filter(([, value]) => value !== undefined && value !== ""),
  ) as Full<T>;
}
