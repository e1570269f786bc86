import fastifyCookie from "@fastify/cookie";
import type { FastifyReply, FastifyRequest } from "fastify";
import { z } from "zod";
import { AppError } from "../../core/errors.ts";
import { type Authenticate, allow, publicAccess, ROLES } from "../../http/access.ts";
import type { App } from "../../http/app-instance.ts";
import { refuseCrossOrigin } from "../../http/csrf.ts";
import { perMinute } from "../../http/rate-limits.ts";
import { instantField, noBody, rowIdField, toInstant } from "../../http/wire.ts";
import type { Clock } from "../../kit/clock.ts";
import type { Database } from "../../kit/postgres/database.ts";
import { toDoer } from "../audit/audit.ts";
import { toUserAnswer, userAnswer } from "../users/schema.ts";
import { say } from "../words.ts";
import type { Opened, Origin } from "./rotation.ts";
import type { Sessions } from "./sessions.ts";
import { loadSessions } from "./store.ts";

export interface SessionRoutesOptions {
  sessions: Sessions;
  authenticate: Authenticate;
  database: Database;
  clock: Clock;
  publicUrl: string;
  loginPerMinute: number;
}

const COOKIE = "enlace_refresh";
const COOKIE_PATH = "/api/v1";
const SHOWN_MAX = 200;
const tags = ["sessions"];
const people = { access: allow({ roles: ROLES, scope: null, evenWithOldPassword: true }) };

const credentials = z.object({ username: z.string().max(200).trim().toLowerCase(), password: z.string().max(1000) });
const openedAnswer = z.object({
  token: z.string().meta({ description: "Send it as `Authorization: Bearer …`" }),
  token_expires_at: instantField,
  user: userAnswer,
});
const sessionAnswer = z
  .object({
    id: z.string(),
    is_current: z.boolean(),
    created_at: instantField,
    used_at: instantField,
    expires_at: instantField,
    user_agent: z.string(),
    address: z.string(),
  })
  .meta({ id: "Session" });

/** Only login, refresh and logout touch the cookie; everything else takes the bearer token, which no other site can send. */
export function registerSessionRoutes(app: App, options: SessionRoutesOptions): void {
  app.register(async (scope: App) => {
    await scope.register(fastifyCookie);
    registerLogin(scope, options);
    registerRefresh(scope, options);
  });
  registerOwnSessions(app, options);
}

function registerLogin(app: App, { sessions, publicUrl, loginPerMinute }: SessionRoutesOptions): void {
  app.post(
    "/api/v1/login",
    {
      config: { access: publicAccess, rateLimit: perMinute(loginPerMinute), refusals: ["unauthenticated"] },
      schema: {
        summary: "Log in with username and password",
        description: "Answers an access token and sets the refresh cookie.",
        tags,
        body: credentials,
        response: { 200: openedAnswer },
      },
    },
    async (request, reply) => {
      const opened = await sessions.login(request.body, toOrigin(request));
      setCookie(reply, opened, isSecure(request, publicUrl));
      return toAnswer(opened);
    },
  );
}

function registerRefresh(app: App, { sessions, authenticate, publicUrl }: SessionRoutesOptions): void {
  app.post(
    "/api/v1/refresh",
    {
      config: { access: publicAccess, refusals: ["unauthenticated", "csrf"] },
      schema: { summary: "A new access token for the refresh cookie", tags, response: { 200: openedAnswer } },
    },
    async (request, reply) => {
      refuseCrossOrigin(request, publicUrl);
      const token = request.cookies[COOKIE];
      if (!token) throw new AppError("unauthenticated", "There is no refresh cookie; log in.");
      const opened = await sessions.refresh(token, toOrigin(request));
      setCookie(reply, opened, isSecure(request, publicUrl));
      return toAnswer(opened);
    },
  );
  app.post(
    "/api/v1/logout",
    {
      config: { access: publicAccess, refusals: ["csrf"] },
      schema: {
        summary: "End the session of the refresh cookie, or of the bearer token",
        tags,
        response: { 204: noBody },
      },
    },
    async (request, reply) => {
      refuseCrossOrigin(request, publicUrl);
      const token = request.cookies[COOKIE];
      if (token) await sessions.logout(token);
      const caller = request.headers.authorization ? await authenticate(request) : undefined;
      if (caller?.sessionId) await sessions.end({ caller, doer: toDoer(request, caller) }, caller.sessionId);
      return reply.clearCookie(COOKIE, { path: COOKIE_PATH }).code(204).send();
    },
  );
}

function registerOwnSessions(app: App, { sessions, database, clock }: SessionRoutesOptions): void {
  app.get(
    "/api/v1/sessions",
    {
      config: people,
      schema: {
        summary: "Where one is logged in; an admin may look at others",
        tags,
        querystring: z.object({ user_id: rowIdField.optional() }),
        response: { 200: z.object({ items: z.array(sessionAnswer), next_cursor: z.null() }) },
      },
    },
    async (request) => {
      const { tenantId, userId, role, sessionId } = request.caller;
      const id = request.query.user_id ?? userId;
      if (id === null || (id !== userId && role !== "admin")) throw new AppError("forbidden", say("sessionsOfOthers"));
      const rows = await loadSessions(database.sql, { tenantId, id }, { now: clock.now(), rowsMax: SHOWN_MAX });
      const items = rows.map((session) => ({
        id: session.id,
        is_current: session.id === sessionId,
        created_at: toInstant(session.createdAt),
        used_at: toInstant(session.usedAt),
        expires_at: toInstant(session.expiresAt),
        user_agent: session.userAgent,
        address: session.address,
      }));
      return { items, next_cursor: null };
    },
  );
  app.delete(
    "/api/v1/sessions/:id",
    {
      config: people,
      schema: {
        summary: "End a session; its access token stops working at once",
        tags,
        params: z.object({ id: z.string().min(1).max(100) }),
        response: { 204: noBody },
      },
    },
    async (request, reply) => {
      await sessions.end({ caller: request.caller, doer: toDoer(request) }, request.params.id);
      return reply.code(204).send();
    },
  );
}

function toAnswer(opened: Opened): z.infer<typeof openedAnswer> {
  return {
    token: opened.accessToken,
    token_expires_at: toInstant(opened.accessExpiresAt),
    user: toUserAnswer(opened.user),
  };
}

function toOrigin(request: FastifyRequest): Origin {
  return { address: request.ip, userAgent: request.headers["user-agent"] ?? "" };
}

function setCookie(reply: FastifyReply, opened: Opened, secure: boolean): void {
  if (opened.refreshToken === null) return;
  void reply.setCookie(COOKIE, opened.refreshToken, {
    path: COOKIE_PATH,
    httpOnly: true,
    sameSite: "strict",
    secure,
    expires: opened.refreshExpiresAt,
  });
}

/** Without https a `Secure` cookie would never come back, and logging in on a LAN would fail without a word. */
function isSecure(request: FastifyRequest, publicUrl: string): boolean {
  return request.protocol === "https" || publicUrl.startsWith("https:");
}
