import { join } from "node:path";
import type { Config } from "../config.ts";
import type { Administer } from "../dialer/administer.ts";
import {
  type CampaignChangeOptions,
  type CampaignChanges,
  createCampaignChanges,
} from "../dialer/campaigns/campaign-changes.ts";
import { type Campaigns, createCampaigns } from "../dialer/campaigns/campaigns.ts";
import { type ContactChanges, createContactChanges } from "../dialer/campaigns/contact-changes.ts";
import { registerContactRoutes } from "../dialer/campaigns/contact-routes.ts";
import { createImports, type Imports } from "../dialer/campaigns/imports/imports.ts";
import { registerImportRoutes } from "../dialer/campaigns/imports/routes.ts";
import { createRecycle, type Recycle, type RecycleOptions } from "../dialer/campaigns/recycle.ts";
import { registerCampaignRoutes } from "../dialer/campaigns/routes.ts";
import { registerScheduleRoutes } from "../dialer/campaigns/schedule-routes.ts";
import { createUpkeep } from "../dialer/campaigns/upkeep.ts";
import type { Projects } from "../dialer/projects/projects.ts";
import type { App } from "../http/app-instance.ts";
import type { Tenants } from "../tenants/tenants.ts";
import { createAdminister } from "./dialer-projects.ts";
import type { Ground } from "./ground.ts";

// Campaigns, and what they need of projects, tenants and the list of those who are not to be called.

export interface DialerCampaigns {
  /** As the dial pipeline sees them. */
  campaigns: Campaigns;
  changes: CampaignChanges;
  contacts: ContactChanges;
  imports: Imports;
  recycle: Recycle;
  administer: Administer;
  start(): void;
  stop(): Promise<void>;
}

export interface DialerCampaignSurroundings extends Pick<CampaignChangeOptions, "findObstacle"> {
  tenants: Pick<Tenants, "loadTenant">;
  findSuppressed: RecycleOptions["findSuppressed"];
}

export function openDialerCampaigns(
  config: Config,
  ground: Ground,
  rooms: DialerCampaignSurroundings,
): DialerCampaigns {
  const administer = createAdminister(ground);
  const folder = join(config.dataFolder, "imports");
  const { findObstacle, findSuppressed } = rooms;
  const campaigns = createCampaigns(ground);
  const changes = createCampaignChanges({ administer, ...(findObstacle && { findObstacle }) });
  const contacts = createContactChanges({ administer, loadTenant: rooms.tenants.loadTenant });
  const imports = createImports({ ...ground, administer, folder, loadTenant: rooms.tenants.loadTenant });
  const recycle = createRecycle({ ...ground, administer, findSuppressed });
  const upkeep = createUpkeep({ ...ground, folder, finishDone: campaigns.finishDone });
  return {
    ...{ campaigns, changes, contacts, imports, recycle, administer },
    start: () => {
      if (config.roles.includes("dialer")) upkeep.start();
    },
    stop: async () => {
      await imports.stop();
      await upkeep.stop();
    },
  };
}

export function registerCampaignDoors(
  app: App,
  { database, clock }: Ground,
  rooms: { dialer: DialerCampaigns; projects: Projects; tenants: Pick<Tenants, "loadTenant"> },
): void {
  const { changes, contacts, imports, recycle, administer } = rooms.dialer;
  const { mayUse } = rooms.projects;
  const options = { database, clock, changes, mayUse, loadTenant: rooms.tenants.loadTenant };
  registerCampaignRoutes(app, options);
  registerContactRoutes(app, { ...options, contacts });
  registerScheduleRoutes(app, { ...options, administer });
  registerImportRoutes(app, { ...options, imports, recycle });
}
