import type { FastifyReply, FastifyRequest } from "fastify";
import { AppError } from "../../core/errors.ts";
import type { TenantId } from "../../core/ids.ts";
import { publicAccess } from "../../http/access.ts";
import type { App } from "../../http/app-instance.ts";
import { perSecond } from "../../http/rate-limits.ts";
import { isSignedBy } from "../signature.ts";
import { type HookBody, readHookBody, toBodyProblem } from "./hook-body.ts";
import { HOOK_TYPES, type HookFields, type HookType, parseHookEvent, toPlainName } from "./hook-event.ts";
import type { HookPbx } from "./hook-pbx.ts";
import type { Hooks } from "./hooks.ts";
import { eventPost, hookAnswer, hookHeaders, hookPost } from "./schema.ts";

export interface HookRoutesOptions {
  hooks: Pick<Hooks, "keep">;
  /** Whose event token it is; `null` if nobody's. */
  findPbx(token: string): Promise<HookPbx | null>;
  /** Secrets that may sign for the tenant; a PBX that signs, too, must sign well. */
  loadSecrets(tenantId: TenantId): Promise<readonly string[]>;
  /** Posts taken from one address. */
  hooksPerSecond: number;
}

const BODY_BYTES_MAX = 64 * 1024;
const EVENT_TYPES: ReadonlySet<string> = new Set([...HOOK_TYPES, "download"]);
const ANSWER = { status: "ok", message: "Event queued for processing" } as const;

/**
 * `POST /start`, `/dial` and so on, as dialplans of the older system post them, and `POST /api/events` for all of them. Refused
 * in this order: too large (413), a token that is nobody's (401, nothing is stored), what cannot be read (400, 422; kept as it
 * came). 202 when the event is stored for good, 200 `duplicate` when it was already.
 */
export function registerHookRoutes(app: App, options: HookRoutesOptions): void {
  const config = {
    access: publicAccess,
    rateLimit: perSecond(options.hooksPerSecond),
    refusals: ["unauthenticated", "invalid_json", "invalid_field", "payload_too_large"] as const,
  };
  app.register(async (scope: App) => {
    // Dialplans say form and send JSON, or the other way round: whatever the content type says, the body tells.
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser("*", { parseAs: "buffer" }, (_request, body, done) => done(null, body));
    const common = {
      bodyLimit: BODY_BYTES_MAX,
      config,
      validatorCompiler: () => (value: unknown) => ({ value }), // read by hook-event.ts, once it is known who posts
    };
    const shape = { tags: ["hooks"], headers: hookHeaders, response: { 200: hookAnswer, 202: hookAnswer } };
    for (const type of HOOK_TYPES) {
      const schema = { summary: `A PBX tells of a call: ${type}`, ...shape, body: hookPost };
      scope.post(`/${type}`, { ...common, schema }, (request, reply) =>
        takeEvent(request, reply, { options, read: (body) => ({ type, fields: body.fields }) }),
      );
    }
    const schema = { summary: "A PBX tells of a call: event and type in one body", ...shape, body: eventPost };
    scope.post("/api/events", { ...common, schema }, (request, reply) =>
      takeEvent(request, reply, { options, read: readEnvelope }),
    );
  });
}

interface Posted {
  type: string;
  fields: HookFields | null;
  /** Tenant that the body names. */
  tenantNumber?: string | undefined;
}

interface Taking {
  options: HookRoutesOptions;
  read(body: HookBody): Posted;
}

async function takeEvent(request: FastifyRequest, reply: FastifyReply, { options, read }: Taking) {
  const bytes = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
  const body = readHookBody(bytes);
  const posted = read(body);
  const pbx = await findSender(request, { body, bytes, posted }, options);
  const { type, fields } = posted;
  const kept = { tenantId: pbx.tenantId, pbxId: pbx.pbxId, hash: body.hash, body: body.stored };
  const refuse = async (error: AppError): Promise<never> => {
    await options.hooks.keep({ ...kept, type, uid: "", problem: error.message });
    throw error;
  };
  if (body.fields === null) return refuse(toBodyProblem(bytes));
  if (!EVENT_TYPES.has(type) || fields === null) return refuse(toEnvelopeProblem(type));
  const uid = await readUid(type, fields, pbx.timeZone).catch((error) => {
    if (error instanceof AppError) return refuse(error);
    throw error;
  });
  const status = await options.hooks.keep({ ...kept, body: JSON.stringify(fields), type, uid, problem: null });
  request.logEvent = "hook_received";
  request.logFields = { tenantId: pbx.tenantId, pbx: pbx.pbxId, type, uid, result: status };
  void reply.code(status === "duplicate" ? 200 : 202);
  return status === "duplicate" ? { status } : ANSWER;
}

const readUid = async (type: string, fields: HookFields, timeZone: string): Promise<string> =>
  parseHookEvent(type === "download" ? "hangup" : (type as HookType), fields, timeZone).uid;

interface Received {
  body: HookBody;
  bytes: Buffer;
  posted: Posted;
}

/** One voice for every wrong token. A body that cannot hold one, with none in the header, is a bad body. */
async function findSender(
  request: FastifyRequest,
  { body, bytes, posted }: Received,
  { findPbx, loadSecrets }: HookRoutesOptions,
): Promise<HookPbx> {
  const header = [request.headers.token].flat()[0]?.trim();
  const token = body.token ?? header;
  if (token === undefined && body.fields === null) throw toBodyProblem(bytes);
  const pbx = token === undefined || token === "" ? null : await findPbx(token);
  const isTheirs = posted.tenantNumber === undefined || posted.tenantNumber === pbx?.tenantNumber;
  const signature = [request.headers["x-signature"]].flat()[0];
  const isSigned = async (by: HookPbx): Promise<boolean> =>
    signature === undefined || isSignedBy({ body: bytes, signature }, await loadSecrets(by.tenantId), ["raw"]);
  if (pbx && isTheirs && (await isSigned(pbx))) return pbx;
  throw new AppError("unauthenticated", "The token is missing or is not that of a PBX, or X-Signature does not fit.");
}

/** `{enterprise_number, event_type, payload}`. */
function readEnvelope({ fields }: HookBody): Posted {
  const outer = new Map(Object.entries(fields ?? {}).map(([name, value]) => [toPlainName(name), value]));
  const payload = outer.get("payload");
  const number = outer.get("enterprisenumber");
  const isObject = typeof payload === "object" && payload !== null && !Array.isArray(payload);
  return {
    type: String(outer.get("eventtype") ?? "")
      .trim()
      .toLowerCase()
      .slice(0, 40),
    fields: isObject ? (payload as HookFields) : null,
    tenantNumber: number === undefined || number === null || number === "" ? undefined : String(number),
  };
}

function toEnvelopeProblem(type: string): AppError {
  const [path, message] = EVENT_TYPES.has(type)
    ? ["payload", "must be an object"]
    : ["event_type", `must be one of ${[...EVENT_TYPES].join(", ")}`];
  return new AppError("invalid_field", `${path} ${message}`, { fields: [{ path, message }] });
}
