import type { TenantId } from "../core/ids.ts";
import type { Authenticate } from "../http/access.ts";
import type { Clock } from "../kit/clock.ts";
import type { Log } from "../kit/log.ts";
import type { Metrics } from "../kit/metrics.ts";
import type { Database } from "../kit/postgres/database.ts";
import type { Listener } from "../kit/postgres/listener.ts";
import type { Random } from "../kit/random.ts";
import type { SecretBox } from "../kit/secret-box.ts";
import { type Administration, createAdministration } from "./administration.ts";
import { type ApiKeys, createApiKeys } from "./api-keys/api-keys.ts";
import { createAuthenticate } from "./authenticate.ts";
import { createDirectory, type Directory } from "./directory.ts";
import { createExtensions, type Extensions } from "./extensions/extensions.ts";
import { ensureFirstTenant, type FirstTenant, type FirstTenantResult } from "./first-tenant.ts";
import { createEventTokens, type EventTokens } from "./pbxs/event-tokens.ts";
import { createPbxs, type Pbxs } from "./pbxs/pbxs.ts";
import { createAccessTokens } from "./sessions/access-tokens.ts";
import { createGuesses } from "./sessions/guesses.ts";
import { createSessions, type Sessions } from "./sessions/sessions.ts";
import { createPasswords } from "./users/passwords.ts";
import { createUsers, type Users } from "./users/users.ts";
import { createWebhookSecrets, type WebhookSecrets } from "./webhook-secrets/webhook-secrets.ts";

/**
 * The room of tenants: who they are, their people, the ways people and programs come in, their PBXs and phones, the
 * secrets those PBXs sign with, and the log of what was changed. It owns those tables and nothing else; calls and deliveries it does not know.
 */
export interface Tenants extends Pick<Directory, "loadTenantByNumber" | "loadTenant" | "loadWebhookSecrets"> {
  authenticate: Authenticate;
  ensureFirstTenant(first: FirstTenant): Promise<FirstTenantResult>;
  /** Keeps WEBHOOK_SECRET of the environment and the tenant's secret in step; see webhook-secrets.ts. */
  applyEnvironmentSecret(tenantId: TenantId, secret: string): Promise<boolean>;
  /** For the command line of this machine; shown to nobody, kept in the data folder. */
  createOperatorKey(tenantId: TenantId, name: string): Promise<string>;
  /** For the routes. */
  administration: Administration;
  users: Users;
  sessions: Sessions;
  apiKeys: ApiKeys;
  webhookSecrets: WebhookSecrets;
  pbxs: Pbxs;
  /** What PBXs show with the events they post. */
  eventTokens: EventTokens;
  extensions: Extensions;
  /** Stops listening for changes. */
  stop(): void;
}

export interface TenantsOptions {
  database: Database;
  listener: Pick<Listener, "on">;
  clock: Clock;
  random: Random;
  log: Log;
  metrics?: Metrics;
  box: SecretBox;
  /** ENLACE_SECRET, from which the key of access tokens is derived. */
  secret: string;
  /** Those before it, newest first. */
  previousSecrets?: readonly string[];
}

export function createTenants(options: TenantsOptions): Tenants {
  const { database, clock, random, secret } = options;
  const directory = createDirectory(options);
  const { forget } = directory;
  const passwords = createPasswords(random);
  const guesses = createGuesses(clock);
  const tokens = createAccessTokens(secret, clock);
  const apiKeys = createApiKeys(options);
  const webhookSecrets = createWebhookSecrets({ ...options, forget });
  const eventTokens = createEventTokens(options);
  return {
    loadTenantByNumber: directory.loadTenantByNumber,
    loadTenant: directory.loadTenant,
    loadWebhookSecrets: directory.loadWebhookSecrets,
    authenticate: createAuthenticate({ database, clock, tokens, apiKeys }),
    ensureFirstTenant: (first) => ensureFirstTenant({ database, clock, passwords }, first),
    applyEnvironmentSecret: webhookSecrets.applyEnvironmentSecret,
    createOperatorKey: apiKeys.createOperatorKey,
    administration: createAdministration({ database, clock, passwords, forget }),
    users: createUsers({ database, clock, passwords, guesses }),
    sessions: createSessions({ ...options, passwords, guesses, tokens }),
    apiKeys,
    webhookSecrets,
    pbxs: createPbxs(options),
    eventTokens,
    extensions: createExtensions(options),
    stop: () => {
      directory.stop();
      eventTokens.stop();
    },
  };
}
