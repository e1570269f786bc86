import type { TenantId } from "../../core/ids.ts";
import type { Clock } from "../../kit/clock.ts";
import type { Database, Sql } from "../../kit/postgres/database.ts";
import { newSecret, type Random } from "../../kit/random.ts";
import { isSameSecret } from "../../kit/same-secret.ts";
import { SealError, type SecretBox } from "../../kit/secret-box.ts";
import { type Doer, writeAudit } from "../audit/audit.ts";
import { lockTenant, notifySettings } from "../store.ts";
import {
  loadEnvironmentSecret,
  loadSealedSecrets,
  openWebhookSecret,
  type SealedSecret,
  saveNewSecret,
  sealWebhookSecret,
} from "./store.ts";

/**
 * The secrets a tenant's PBX signs its webhooks with. One is current; a rotated one stays good for an overlap, so that both
 * sides need not change in the same second. Shown once, stored sealed.
 */
export interface WebhookSecrets {
  load(tenantId: TenantId): Promise<SealedSecret[]>;
  /** Makes a new current secret; the others stay good for `overlapSeconds` (0: they end now). */
  rotate(doer: Doer, overlapSeconds: number): Promise<{ stored: SealedSecret; secret: string; othersExpireAt: Date }>;
  /**
   * Keeps the tenant's secret in step with the one the environment gives (WEBHOOK_SECRET). A changed one becomes current
   * and what was before it stays good for a day; an unchanged one does nothing, so a rotation by API is not undone by a
   * restart. Safe when several processes start at once. Tells whether anything changed.
   */
  applyEnvironmentSecret(tenantId: TenantId, secret: string): Promise<boolean>;
}

export interface WebhookSecretsOptions {
  database: Database;
  clock: Clock;
  random: Random;
  box: SecretBox;
  forget(tenantId: TenantId): void;
}

const ENVIRONMENT_OVERLAP_SECONDS = 86_400;
const SECRET_BYTES = 32;

export function createWebhookSecrets(options: WebhookSecretsOptions): WebhookSecrets {
  const { database, clock, random, box, forget } = options;

  async function save(
    transaction: Sql,
    doer: Doer,
    given: { secret: string; overlapSeconds: number; origin: "environment" | "api" },
  ) {
    const at = clock.now();
    const othersExpireAt = new Date(at.getTime() + given.overlapSeconds * 1000);
    const sealed = sealWebhookSecret(box, doer.tenantId, given.secret);
    const { origin } = given;
    const stored = await saveNewSecret(transaction, { tenantId: doer.tenantId, sealed, origin, at, othersExpireAt });
    await writeAudit(transaction, doer, {
      action: "webhook_secret.rotate",
      target: `webhook_secret:${stored.id}`,
      detail: { origin, overlap_seconds: given.overlapSeconds },
      at,
    });
    await notifySettings(transaction, doer.tenantId);
    return { stored, secret: given.secret, othersExpireAt };
  }

  /** One that does not open (another ENLACE_SECRET now) is not the same: it is replaced. */
  function isSealOf(sealed: string, tenantId: TenantId, secret: string): boolean {
    try {
      return isSameSecret(openWebhookSecret(box, tenantId, sealed), secret);
    } catch (error) {
      if (error instanceof SealError) return false;
      throw error;
    }
  }

  return {
    load: (tenantId) => loadSealedSecrets(database.sql, tenantId, clock.now()),
    rotate: async (doer, overlapSeconds) => {
      const result = await database.sql.transaction().execute(async (transaction) => {
        await lockTenant(transaction, doer.tenantId);
        return save(transaction, doer, { secret: newSecret(random, SECRET_BYTES), overlapSeconds, origin: "api" });
      });
      forget(doer.tenantId);
      return result;
    },
    applyEnvironmentSecret: async (tenantId, secret) => {
      const isChanged = await database.sql.transaction().execute(async (transaction) => {
        await lockTenant(transaction, tenantId);
        const last = await loadEnvironmentSecret(transaction, tenantId);
        if (last && isSealOf(last.sealed, tenantId, secret)) return false;
        const doer = { tenantId, actor: "enlace", address: "" };
        await save(transaction, doer, { secret, overlapSeconds: ENVIRONMENT_OVERLAP_SECONDS, origin: "environment" });
        return true;
      });
      if (isChanged) forget(tenantId);
      return isChanged;
    },
  };
}
