import { join } from "node:path";
import type { Config } from "../config.ts";
import type { App } from "../http/app-instance.ts";
import type { ReadyCheck } from "../http/health.ts";
import { toKeyId } from "../kit/secret-box.ts";
import { createBackups } from "../operations/backups.ts";
import { registerOperationsRoutes } from "../operations/routes.ts";
import { createSystemHealth } from "../operations/system-health.ts";
import { writeAudit } from "../tenants/audit/audit.ts";
import type { Ground } from "./ground.ts";

// What the operator of the installation looks after; it lives and ends with the web server that shows it.

export function registerOperationsDoors(
  app: App,
  { dataFolder, backupFolder, roles }: Config,
  ground: Ground & { checks: readonly ReadyCheck[] },
): void {
  const { database, clock, secret } = ground;
  const folder = backupFolder ?? join(dataFolder, "backups");
  const backups = createBackups({ ...ground, folder, keyId: toKeyId(secret) });
  const health = createSystemHealth({ ...ground, roles, dataFolder, backups });
  app.addHook("onReady", async () => health.start());
  app.addHook("onClose", async () => {
    health.stop();
    await backups.stop();
  });
  registerOperationsRoutes(app, { health, backups, database, clock, writeAudit });
}
