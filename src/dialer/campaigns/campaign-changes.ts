import { AppError, toFieldError } from "../../core/errors.ts";
import type { RowId, TenantId } from "../../core/ids.ts";
import type { Sentence } from "../../core/sentence.ts";
import type { Sql } from "../../kit/postgres/database.ts";
import type { Administer, Doer } from "../administer.ts";
import type { Campaign, CampaignState } from "../campaign.ts";
import type { Project } from "../project.ts";
import { loadProject } from "../projects/store.ts";
import { say } from "../words.ts";
import { hasRunningImport } from "./imports/import-store.ts";
import type { ScheduleWindow } from "./schedule.ts";
import { saveSchedule } from "./schedule-store.ts";
import {
  countCampaigns,
  hasPending,
  loadCampaign,
  markDeleted,
  type StoredCampaign,
  saveCampaign,
  saveNewCampaign,
} from "./store.ts";

/** What people do with campaigns. Each throws `AppError`: `not_found`, or `conflict` with what stands in the way. */
export interface CampaignChanges {
  create(doer: Doer, fields: { projectId: RowId; name: string }): Promise<StoredCampaign>;
  rename(doer: Doer, id: string, name: string): Promise<StoredCampaign>;
  start(doer: Doer, id: string): Promise<StoredCampaign>;
  pause(doer: Doer, id: string): Promise<StoredCampaign>;
  stop(doer: Doer, id: string): Promise<StoredCampaign>;
  /** Gone at once for everybody; its contacts are deleted in the background. */
  remove(doer: Doer, id: string): Promise<void>;
  setSchedule(doer: Doer, id: string, windows: readonly ScheduleWindow[]): Promise<void>;
}

export interface CampaignChangeOptions {
  administer: Administer;
  /** Why no campaign of this project may start, in a sentence; `null`: nothing stands in the way. */
  findObstacle?(on: Sql, project: Project): Promise<Sentence | null>;
}

/** Of a tenant. */
const CAMPAIGNS_MAX = 10_000;

/** In which states a campaign may be for this to be done to it, and what it is then; see campaign.ts. */
const STEPS = {
  start: { from: ["draft", "paused"], to: "active" },
  pause: { from: ["active"], to: "paused" },
  stop: { from: ["active", "paused"], to: "stopped" },
} as const satisfies Record<string, { from: readonly CampaignState[]; to: CampaignState }>;
const REMOVABLE: readonly CampaignState[] = ["draft", "completed", "stopped"];

export function createCampaignChanges({ administer, findObstacle }: CampaignChangeOptions): CampaignChanges {
  const step = (name: keyof typeof STEPS) => (doer: Doer, id: string) =>
    administer(doer, async (on, at) => {
      const campaign = await loadOrRefuse(on, doer.tenantId, id);
      const { from, to } = STEPS[name];
      refuseUnless(from, campaign, name);
      if (name === "start") await refuseStart(on, campaign, findObstacle);
      const startedAt = campaign.startedAt ?? (to === "active" ? at : null);
      const value = { ...campaign, state: to, startedAt, endedAt: to === "stopped" ? at : null, updatedAt: at };
      await saveCampaign(on, value, at);
      return { value, deed: { action: `campaign.${name}`, target: `campaign:${id}` } };
    });

  return {
    create: (doer, fields) =>
      administer(doer, async (on, at) => {
        const value = await insertCampaign(on, { tenantId: doer.tenantId, ...fields, at });
        const detail = { name: value.name, project: fields.projectId };
        return { value, deed: { action: "campaign.create", target: `campaign:${value.id}`, detail } };
      }),
    rename: (doer, id, name) =>
      administer(doer, async (on, at) => {
        const campaign = await loadOrRefuse(on, doer.tenantId, id);
        const value = { ...campaign, name, updatedAt: at };
        await saveCampaign(on, value, at);
        return { value, deed: { action: "campaign.rename", target: `campaign:${id}`, detail: { name } } };
      }),
    start: step("start"),
    pause: step("pause"),
    stop: step("stop"),
    remove: (doer, id) =>
      administer(doer, async (on, at) => {
        const campaign = await loadOrRefuse(on, doer.tenantId, id);
        refuseUnless(REMOVABLE, campaign, "remove");
        if (await hasRunningImport(on, doer.tenantId, id)) throw new AppError("conflict", say("importIntoIt"));
        await markDeleted(on, campaign, at);
        const detail = { name: campaign.name };
        return { value: undefined, deed: { action: "campaign.remove", target: `campaign:${id}`, detail } };
      }),
    setSchedule: (doer, id, windows) =>
      administer(doer, async (on) => {
        const { tenantId } = doer;
        const campaign = await loadOrRefuse(on, tenantId, id);
        await saveSchedule(on, { tenantId, campaignId: campaign.id, windows });
        const deed = { action: "campaign.schedule", target: `campaign:${id}`, detail: { windows: windows.length } };
        return { value: undefined, deed };
      }),
  };
}

/** Throws `invalid_field` for a project that is not there, `conflict` where there are too many campaigns. */
export async function insertCampaign(
  on: Sql,
  { tenantId, projectId, name, at }: { tenantId: TenantId; projectId: RowId; name: string; at: Date },
): Promise<StoredCampaign> {
  if (!(await loadProject(on, tenantId, projectId))) throw toFieldError("project_id", say("unknownProject"));
  if ((await countCampaigns(on, tenantId)) >= CAMPAIGNS_MAX)
    throw new AppError("conflict", say("campaignsMax", { max: CAMPAIGNS_MAX }));
  return saveNewCampaign(on, { tenantId, projectId, name, at });
}

async function refuseStart(
  on: Sql,
  campaign: Campaign,
  findObstacle: CampaignChangeOptions["findObstacle"],
): Promise<void> {
  const { tenantId, id, projectId } = campaign;
  const project = await loadProject(on, tenantId, projectId);
  const obstacle =
    project === null || project.disabledAt !== null
      ? say("startProjectOff")
      : project.trunks.length === 0
        ? say("startWithoutTrunk")
        : project.policyId === null
          ? say("startWithoutPolicy")
          : ((await findObstacle?.(on, project)) ?? null);
  if (obstacle !== null) throw new AppError("conflict", obstacle);
  if (await hasRunningImport(on, tenantId, id)) throw new AppError("conflict", say("importUnfinished"));
  if (!(await hasPending(on, campaign))) throw new AppError("conflict", say("nobodyToCall"));
}

function refuseUnless(
  states: readonly CampaignState[],
  { state }: Campaign,
  deed: keyof typeof STEPS | "remove",
): void {
  if (states.includes(state)) return;
  const words = { state: say(state), deed: say(deed), states: states.map((one) => say(one)) };
  throw new AppError("conflict", say("campaignState", words));
}

async function loadOrRefuse(on: Sql, tenantId: TenantId, id: string): Promise<StoredCampaign> {
  const campaign = await loadCampaign(on, tenantId, id);
  if (!campaign) throw noSuchCampaign();
  return campaign;
}

export const noSuchCampaign = (): AppError => new AppError("not_found", say("noCampaign"));
