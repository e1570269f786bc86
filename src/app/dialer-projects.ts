import type { Config } from "../config.ts";
import type { Administer } from "../dialer/administer.ts";
import { createProjects, type Projects, type ProjectsOptions } from "../dialer/projects/projects.ts";
import { registerProjectRoutes } from "../dialer/projects/routes.ts";
import { registerTrunkRoutes } from "../dialer/trunks/routes.ts";
import { createTrunkFiles, type TrunkFiles } from "../dialer/trunks/trunk-files.ts";
import { createTrunks, type Trunks } from "../dialer/trunks/trunks.ts";
import type { App } from "../http/app-instance.ts";
import { checkDialTemplate } from "../telephony/dial-template.ts";
import type { Telephony } from "../telephony/telephony.ts";
import { writeAudit } from "../tenants/audit/audit.ts";
import { lockTenant, notifySettings } from "../tenants/store.ts";
import type { Tenants } from "../tenants/tenants.ts";
import type { Ground } from "./ground.ts";

// Projects and trunks, and what they need of tenants and the Asterisk door.

export interface DialerProjects {
  projects: Projects;
  trunks: Trunks;
  trunkFiles: TrunkFiles;
  start(): void;
  stop(): Promise<void>;
}

export interface DialerProjectSurroundings extends Pick<ProjectsOptions, "findUnknownAudio" | "hasPolicy"> {
  tenants: Pick<Tenants, "loadTenant">;
  telephony(): Pick<Telephony, "ask">;
}

/** A change of the dialer's settings, by the house's rules. */
export function createAdminister({ database, clock }: Pick<Ground, "database" | "clock">): Administer {
  return (doer, work) =>
    database.sql.transaction().execute(async (on) => {
      await lockTenant(on, doer.tenantId);
      const at = clock.now();
      const { value, deed } = await work(on, at);
      if (deed) {
        await writeAudit(on, doer, { ...deed, at });
        await notifySettings(on, doer.tenantId);
      }
      return value;
    });
}

export function openDialerProjects(config: Config, ground: Ground, rooms: DialerProjectSurroundings): DialerProjects {
  const administer = createAdminister(ground);
  const { tenants, telephony, ...checks } = rooms;
  const trunkFiles = createTrunkFiles({
    ...{ ...ground, administer },
    reload: async (tenantId, pbxId, endpoints) => {
      const asked = { kind: "reload" as const, module: "res_pjsip" as const, endpoints: [...endpoints] };
      return (await telephony().ask(tenantId, pbxId, asked)).missing ?? [];
    },
  });
  const projects = createProjects({ ...ground, ...checks, administer, loadTenant: tenants.loadTenant });
  const trunks = createTrunks({ ...ground, ...trunkFiles, administer, checkDialTemplate });
  return {
    ...{ projects, trunks, trunkFiles },
    start: () => {
      if (config.roles.includes("api")) trunkFiles.start(); // the folder is where changes are taken
    },
    stop: async () => {
      projects.stop();
      trunks.stop();
      await trunkFiles.stop();
    },
  };
}

export function registerProjectDoors(
  app: App,
  { clock }: Ground,
  { dialer, tenants }: { dialer: DialerProjects; tenants: Pick<Tenants, "loadTenant"> },
): void {
  registerProjectRoutes(app, { projects: dialer.projects, clock, loadTenant: tenants.loadTenant });
  registerTrunkRoutes(app, dialer);
}
