import { registerApicallDoors } from "./app-apicall.ts";
import { registerAudioDoors } from "./app-audios.ts";
import { registerCampaignDoors } from "./app-dialer-campaigns.ts";
import { registerPolicyDoors } from "./app-dialer-policy.ts";
import { createAdminister, registerProjectDoors } from "./app-dialer-projects.ts";
import type { Ground } from "./app-ground.ts";
import { registerPeopleDoors } from "./app-people.ts";
import type { Rooms } from "./app-rooms.ts";
import { registerLimitsRoutes } from "./dialer/dialing/limits-routes.ts";
import { registerDialingRoutes } from "./dialer/dialing/routes.ts";
import type { App } from "./http/app-instance.ts";

/** The dialer's routes: each part of it registers its own here. */
export function registerDialerDoors(app: App, ground: Ground, rooms: Rooms): void {
  registerProjectDoors(app, ground, { dialer: rooms.dialer.settings, tenants: rooms.tenants });
  const { campaigns, settings } = rooms.dialer;
  registerCampaignDoors(app, ground, { dialer: campaigns, projects: settings.projects, tenants: rooms.tenants });
  registerPolicyDoors(app, ground, rooms);
  registerPeopleDoors(app, ground, rooms);
  registerDialingRoutes(app, { ...ground, dialing: rooms.dialer.dialing, mayUse: settings.projects.mayUse });
  registerLimitsRoutes(app, { database: ground.database, administer: createAdminister(ground) });
  registerAudioDoors(app, ground, rooms.dialer.audios);
  registerApicallDoors(app, ground, rooms);
}
