import { AppError, toFieldError } from "../../core/errors.ts";
import { sayField } from "../../core/field-words.ts";
import { type PhoneNumber, parsePhoneNumber } from "../../core/phone-number.ts";
import type { Clock } from "../../kit/clock.ts";
import type { Database, Sql } from "../../kit/postgres/database.ts";
import type { Administer, Doer } from "../administer.ts";
import { dateOf, localDay } from "../policy/wall-clock.ts";
import type { Project } from "../project.ts";
import { say } from "../words.ts";
import {
  type CallerId,
  type CallerIdFields,
  countCallerIds,
  loadCallerId,
  loadPools,
  type Measured,
  removeCallerId,
  saveCallerId,
  saveNewCallerId,
} from "./store.ts";

/** The numbers that a project may show, and how they do. Only what an administrator enters here is ever shown. */
export interface CallerIds {
  /** In the order they were added, with their figures. */
  list(project: PoolProject): Promise<Measured[]>;
  /** Throws `invalid_field` for what is no number, `conflict` for one that the project has already. */
  add(doer: Doer, project: PoolProject, fields: NewCallerId): Promise<Measured>;
  update(
    doer: Doer,
    project: PoolProject,
    change: { id: string } & Partial<Omit<CallerIdFields, "number">>,
  ): Promise<Measured>;
  remove(doer: Doer, project: PoolProject, id: string): Promise<void>;
}

export type PoolProject = Pick<Project, "tenantId" | "id" | "timeZone">;

export interface NewCallerId {
  /** As a person writes it. */
  number: string;
  country: string;
  areaPrefix: string | undefined;
  active: boolean;
  dailyCap: number | null;
}

const POOL_MAX = 500;
/** What tells subscribers of one area apart, about. */
const SUBSCRIBER_DIGITS = 6;

export function createCallerIds({
  database,
  clock,
  administer,
}: {
  database: Database;
  clock: Clock;
  administer: Administer;
}): CallerIds {
  const list: CallerIds["list"] = ({ tenantId, id, timeZone }) => {
    const day = dateOf(localDay(clock.now().getTime(), timeZone));
    return loadPools(database.pool, [{ tenantId, projectId: id, day }]);
  };
  const find = async (project: PoolProject, id: string): Promise<Measured> => {
    const found = (await list(project)).find((row) => row.id === id);
    if (!found) throw notFound();
    return found;
  };
  return {
    list,
    add: async (doer, project, fields) => {
      const added = await administer(doer, async (on, at) => {
        const value = await insert(on, project, { ...toFields(fields), at });
        return { value, deed: toDeed("add", value) };
      });
      return find(project, added.id);
    },
    update: async (doer, project, { id, ...change }) => {
      await administer(doer, async (on, at) => {
        const old = await loadOrRefuse(on, project, id);
        const value = await saveCallerId(on, { ...old, ...change }, at);
        return { value, deed: toDeed("update", value) };
      });
      return find(project, id);
    },
    remove: (doer, project, id) =>
      administer(doer, async (on) => {
        const old = await loadOrRefuse(on, project, id);
        await removeCallerId(on, old.tenantId, id);
        return { value: undefined, deed: toDeed("remove", old) };
      }),
  };
}

async function insert(
  on: Sql,
  { tenantId, id }: PoolProject,
  fields: CallerIdFields & { at: Date },
): Promise<CallerId> {
  if ((await countCallerIds(on, tenantId, id)) >= POOL_MAX)
    throw new AppError("conflict", say("callerIdsMax", { max: POOL_MAX }));
  const added = await saveNewCallerId(on, { tenantId, projectId: id, ...fields });
  if (!added) throw new AppError("conflict", say("callerIdThere"));
  return added;
}

function toFields({ number: text, country, areaPrefix, active, dailyCap }: NewCallerId): CallerIdFields {
  const number = parsePhoneNumber(text, country);
  if (!number) throw toFieldError("number", sayField("phone"));
  return { number, areaPrefix: areaPrefix ?? toAreaPrefix(number), active, dailyCap };
}

/** `+34910000001` → `+34910`: at least the first digit of the country. */
function toAreaPrefix(number: PhoneNumber): string {
  return number.slice(0, Math.min(11, Math.max(2, number.length - SUBSCRIBER_DIGITS)));
}

async function loadOrRefuse(on: Sql, { tenantId, id: projectId }: PoolProject, id: string): Promise<CallerId> {
  const found = await loadCallerId(on, tenantId, id);
  if (found?.projectId !== projectId) throw notFound();
  return found;
}

const notFound = (): AppError => new AppError("not_found", say("noCallerId"));

const toDeed = (verb: string, { id, projectId, number, areaPrefix, active, dailyCap }: CallerId) => ({
  ...{ action: `caller_id.${verb}`, target: `caller_id:${id}` },
  detail: { project_id: projectId, number, area_prefix: areaPrefix, active, daily_cap: dailyCap },
});
