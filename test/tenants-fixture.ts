// The tenants room behind a real web server and a real database: for tests that need true people and keys.
import { after } from "node:test";
import type { App } from "../src/http/app-instance.ts";
import { createHttpServer, type HttpServerOptions } from "../src/http/server.ts";
import { type Clock, systemClock } from "../src/kit/clock.ts";
import type { Log } from "../src/kit/log.ts";
import { createMetrics } from "../src/kit/metrics.ts";
import type { Database } from "../src/kit/postgres/database.ts";
import type { NotificationListener } from "../src/kit/postgres/listener.ts";
import { systemRandom } from "../src/kit/random.ts";
import { createSecretBox } from "../src/kit/secret-box.ts";
import { registerTenantRoutes } from "../src/tenants/routes.ts";
import { createTenants, type Tenants } from "../src/tenants/tenants.ts";
import { createTestDatabase, silentLog } from "./database.ts";

export const ADMIN_PASSWORD = "correct horse battery";
const SECRET = "a secret of at least thirty-two characters";

export interface TenantsFixture {
  app: App;
  database: Database;
  tenants: Tenants;
  clock: Clock & { pass(ms: number): void };
  /** What the listener would hear on `settings`: a tenant id, or null after a lost connection. */
  notify(payload: string | null): void;
  /** A request as JSON; `as` is a bearer token or an API key. Each caller in `from` is another address. */
  ask(method: Method, url: string, options?: Ask): Promise<Answer>;
  /** Logs in and gives the access token. */
  login(username: string, password?: string): Promise<string>;
}
export type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
export interface Ask {
  as?: string;
  body?: unknown;
  headers?: Record<string, string>;
  from?: string;
}
export interface Answer {
  status: number;
  // Answers are checked by the assertions that read them.
  // biome-ignore lint/suspicious/noExplicitAny: a test reads whatever fields it asserts
  body: any;
  headers: Record<string, unknown>;
  cookie: string | undefined;
}

/** With the default tenant and its administrator `admin`, who has ADMIN_PASSWORD. */
export async function createTenantsFixture(
  options: Partial<HttpServerOptions> & { log?: Log; loginPerMinute?: number } = {},
): Promise<TenantsFixture> {
  const database = await createTestDatabase();
  const clock = createPassingClock();
  const listeners = new Set<NotificationListener>();
  const tenants = createTenants({
    database,
    listener: {
      on: (_channel, listener) => {
        listeners.add(listener);
        return () => void listeners.delete(listener);
      },
    },
    clock,
    random: systemRandom,
    log: options.log ?? silentLog,
    box: createSecretBox({ secret: SECRET, random: systemRandom }),
    secret: SECRET,
  });
  await tenants.ensureFirstTenant({
    adminPassword: ADMIN_PASSWORD,
    name: "Default",
    timeZone: "Europe/Madrid",
    country: "ES",
    language: "es",
  });
  const publicUrl = "http://enlace.example.test";
  const app = await createHttpServer({
    authenticate: tenants.authenticate,
    log: silentLog,
    metrics: createMetrics({ includeProcess: false }),
    random: systemRandom,
    version: "0.0.0-test",
    publicUrl,
    rateLimits: { addressPerMinute: 0, callerPerMinute: 0 },
    ...options,
  });
  registerTenantRoutes(app, { tenants, database, clock, publicUrl, loginPerMinute: options.loginPerMinute ?? 0 });
  after(() => app.close());
  const ask = createAsk(app);
  return {
    app,
    database,
    tenants,
    clock,
    notify: (payload) => {
      for (const listener of listeners) listener(payload);
    },
    ask,
    login: async (username, password = ADMIN_PASSWORD) => {
      const { status, body } = await ask("POST", "/api/v1/login", { body: { username, password } });
      if (status !== 200) throw new Error(`${username} cannot log in: ${body.detail}`);
      return body.token;
    },
  };
}

/** Puts a user into a tenant straight away, and logs in. */
export async function addUser(
  { ask, login }: TenantsFixture,
  by: string,
  user: { username: string; role: string; [field: string]: unknown },
): Promise<{ id: string; token: string }> {
  const { status, body } = await ask("POST", "/api/v1/users", { as: by, body: { password: ADMIN_PASSWORD, ...user } });
  if (status !== 201) throw new Error(`no user: ${body.detail}`);
  return { id: body.id, token: await login(user.username) };
}

/** Another tenant with its own administrator, logged in. */
export async function addTenant(
  fixture: TenantsFixture,
  operator: string,
  number: string,
): Promise<{ id: string; token: string }> {
  const admin = { username: `admin-${number}`, password: ADMIN_PASSWORD };
  const body = { number, name: `Tenant ${number}`, time_zone: "UTC", country: "MX", language: "en", admin };
  const answer = await fixture.ask("POST", "/api/v1/tenants", { as: operator, body });
  if (answer.status !== 201) throw new Error(`no tenant: ${answer.body.detail}`);
  return { id: answer.body.id, token: await fixture.login(admin.username) };
}

function createAsk(app: App): TenantsFixture["ask"] {
  return async (method, url, { as, body, headers = {}, from = "127.0.0.1" } = {}) => {
    const response = await app.inject({
      method,
      url,
      remoteAddress: from,
      headers: {
        ...(as !== undefined && (as.startsWith("enl_") ? { "x-api-key": as } : { authorization: `Bearer ${as}` })),
        ...headers,
      },
      ...(body !== undefined && { payload: body as object }),
    });
    const cookie = response.cookies.find(({ name }) => name === "enlace_refresh");
    return {
      status: response.statusCode,
      body: response.body === "" ? null : JSON.parse(response.body),
      headers: response.headers,
      cookie: cookie?.value,
    };
  };
}

/** The real time, which a test can move on. */
function createPassingClock(): Clock & { pass(ms: number): void } {
  let passedMs = 0;
  return {
    ...systemClock,
    now: () => new Date(systemClock.now().getTime() + passedMs),
    monotonicMs: () => systemClock.monotonicMs() + passedMs,
    pass: (ms) => {
      passedMs += ms;
    },
  };
}
