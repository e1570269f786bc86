import { registerLimitsRoutes } from "../dialer/dialing/limits-routes.ts";
import { registerDialingRoutes } from "../dialer/dialing/routes.ts";
import type { App } from "../http/app-instance.ts";
import { registerApicallDoors } from "./apicall.ts";
import { registerAudioDoors } from "./audios.ts";
import { registerCampaignDoors } from "./dialer-campaigns.ts";
import { registerPolicyDoors } from "./dialer-policy.ts";
import { createAdminister, registerProjectDoors } from "./dialer-projects.ts";
import type { Ground } from "./ground.ts";
import { registerPeopleDoors } from "./people.ts";
import type { Rooms } from "./rooms.ts";

/** The dialer's routes: each part of it registers its own here. */
export function registerDialerDoors(app: App, ground: Ground, rooms: Rooms): void {
  registerProjectDoors(app, ground, { dialer: rooms.dialer.settings, tenants: rooms.tenants });
  const { campaigns, settings } = rooms.dialer;
  registerCampaignDoors(app, ground, { dialer: campaigns, projects: settings.projects, tenants: rooms.tenants });
  registerPolicyDoors(app, ground, rooms);
  registerPeopleDoors(app, ground, rooms);
  registerDialingRoutes(app, { ...ground, dialing: rooms.dialer.dialing, mayUse: settings.projects.mayUse });
  const { limits } = rooms.dialer.dialing;
  registerLimitsRoutes(app, { database: ground.database, administer: createAdminister(ground), limits });
  registerAudioDoors(app, ground, rooms.dialer.audios);
  registerApicallDoors(app, ground, rooms);
}
