import type { FastifyRequest } from "fastify";
import { z } from "zod";
import { DISPOSITIONS, type Disposition } from "../../core/disposition.ts";
import type { RowId, TenantId } from "../../core/ids.ts";
import { fromCode, toCode, toStatus } from "./codes.ts";
import type { Inside } from "./inside.ts";
import { type EnlaceProject, findProject } from "./projects.ts";
import { OlderRefusal, readOlder } from "./refusals.ts";
import { nothing, type OlderScope, olderId, reading, steering, toNumericId, toOlderNumber } from "./wire.ts";

// The log of calls, by pages that are counted.

type State = "queued" | "dialing" | "talking" | "ended";

export interface LoggedCall {
  id: string;
  projectNumber: string;
  campaignId: string | null;
  number: string;
  digit: string | null;
  state: State;
  disposition: Disposition | null;
  amdStatus: string | null;
  callerId: string | null;
  queuedAt: Date;
  answeredAt: Date | null;
  endedAt: Date | null;
}

export interface LogSearch {
  assignee: RowId | null;
  projectId: string | null;
  campaignId: string | null;
  id: string | null;
  states: readonly State[];
  dispositions: readonly Disposition[];
  wasHeard: boolean | null;
  fromDate: string | null;
  toDate: string | null;
  timeZone: string;
  rowsMax: number;
  offset: number;
}

export interface OlderLogOptions {
  searchCalls(tenantId: TenantId, search: LogSearch): Promise<{ rows: readonly LoggedCall[]; total: number }>;
  /** A dialplan says how its Dial ended; what is known more surely stays. */
  reportOutcome(id: string, disposition: Disposition): Promise<void>;
  loadTenant(id: TenantId): Promise<{ timeZone: string } | null>;
}

const LIMIT_MAX = 1_000;
const OFFSET_MAX = 10_000_000;
const date = z.iso.date();
const query = z.object({
  proyecto_id: olderId.optional(),
  campaign_id: olderId.optional(),
  call_id: z.string().max(40).optional(),
  status: z.string().max(20).optional(),
  disposition: z.string().max(20).optional(),
  from_date: date.optional(),
  to_date: date.optional(),
  limit: z.coerce.number().int().positive().default(100),
  offset: z.coerce.number().int().min(0).max(OFFSET_MAX).default(0),
});

export function registerOlderLogs(scope: OlderScope, options: OlderLogOptions): void {
  const { app, base, inside } = scope;
  app.get(`${base}/logs`, reading, async (request) => {
    const given = readOlder(query, request.query, "Filtro inválido");
    const project = given.proyecto_id === undefined ? null : await findOwnProject(inside, request, given.proyecto_id);
    const { tenantId } = request.caller;
    const timeZone = project?.time_zone ?? (await options.loadTenant(tenantId))?.timeZone ?? "UTC";
    const limit = Math.min(given.limit, LIMIT_MAX);
    const search = { ...toSearch(given), projectId: project?.id ?? null, timeZone, rowsMax: limit };
    const { rows, total } = await options.searchCalls(tenantId, { ...search, assignee: toAssignee(request) });
    return { logs: rows.map(toLog), total, limit, offset: given.offset };
  });
  registerStatus(scope, options);
}

const toAssignee = ({ caller }: FastifyRequest): RowId | null => (caller.role === "supervisor" ? caller.userId : null);

/** A supervisor is told that a project is another's, as the older dialer was to. */
async function findOwnProject(inside: Inside, request: FastifyRequest, number: string): Promise<EnlaceProject> {
  try {
    return await findProject(inside, request, number);
  } catch (error) {
    if (error instanceof OlderRefusal && error.status === 404 && request.caller.role === "supervisor")
      throw new OlderRefusal(403, "Acceso denegado");
    throw error;
  }
}

function toSearch(given: z.infer<typeof query>): Omit<LogSearch, "assignee" | "projectId" | "timeZone" | "rowsMax"> {
  const wanted = given.disposition === undefined ? [] : fromCode(given.disposition);
  if (given.disposition && wanted.length === 0) throw new OlderRefusal(400, "disposition inválida");
  const status = given.status ? readStatus(given.status) : { states: [], dispositions: [], wasHeard: null };
  const both = wanted.length > 0 && status.dispositions.length > 0;
  const dispositions = both
    ? wanted.filter((each) => status.dispositions.includes(each))
    : [...wanted, ...status.dispositions];
  return {
    campaignId: given.campaign_id ?? null,
    // Nothing has both: an id that no call has.
    id: both && dispositions.length === 0 ? "" : (given.call_id ?? null),
    states: status.states,
    dispositions,
    wasHeard: status.wasHeard,
    fromDate: given.from_date ?? null,
    toDate: given.to_date ?? null,
    offset: given.offset,
  };
}

function readStatus(text: string): Pick<LogSearch, "states" | "dispositions" | "wasHeard"> {
  const status = text.toUpperCase();
  const ended = DISPOSITIONS.filter((disposition) => toStatus({ state: "ended", disposition, amd: null }) === status);
  if (ended.length > 0) return { states: ["ended"], dispositions: ended, wasHeard: null };
  if (status === "DIALING") return { states: ["queued", "dialing"], dispositions: [], wasHeard: null };
  if (status === "CONNECTED") return { states: ["talking"], dispositions: [], wasHeard: false };
  if (status === "HUMAN") return { states: ["talking"], dispositions: [], wasHeard: true };
  throw new OlderRefusal(400, "status inválido");
}

function toLog(call: LoggedCall): object {
  const { answeredAt, endedAt, digit } = call;
  const talkMs = answeredAt && endedAt ? endedAt.getTime() - answeredAt.getTime() : 0;
  return {
    id: call.id,
    proyecto_id: toNumericId(call.projectNumber),
    campaign_id: call.campaignId === null ? null : toNumericId(call.campaignId),
    telefono: toOlderNumber(call.number),
    dtmf_marcado: digit,
    interacciono: digit !== null,
    status: toStatus({ ...call, amd: call.amdStatus }),
    disposition: call.disposition === null ? null : toCode(call.disposition),
    duracion: Math.max(0, Math.round(talkMs / 1000)),
    uniqueid: call.id,
    caller_id_used: toOlderNumber(call.callerId),
    created_at: call.queuedAt.toISOString(),
  };
}

const DIAL_STATUS: Readonly<Record<string, Disposition>> = {
  ANSWER: "answered",
  BUSY: "busy",
  NOANSWER: "no_answer",
  CANCEL: "no_answer",
  CONGESTION: "congestion",
  CHANUNAVAIL: "failed",
};
const statusBody = z.object({ id: z.string().min(1).max(40), status: z.string().min(1).max(40) });

/** For dialplans of the older dialer: `id` and DIALSTATUS, as a form, JSON or in the address. */
function registerStatus({ app, base, inside }: OlderScope, { reportOutcome }: OlderLogOptions): void {
  void app.register(async (forms) => {
    forms.addContentTypeParser("application/x-www-form-urlencoded", { parseAs: "string" }, (_request, text, done) =>
      done(null, Object.fromEntries(new URLSearchParams(String(text)))),
    );
    forms.post(`${base}/logs/status`, steering, async (request, reply) => {
      const given = { ...(request.query as object), ...(request.body as object | undefined) };
      const { id, status } = readOlder(statusBody, given, "id y status son requeridos");
      const disposition = DIAL_STATUS[status.toUpperCase()];
      if (!disposition) throw new OlderRefusal(400, "status inválido");
      const path = `/api/v1/attempts/${encodeURIComponent(id)}`;
      await inside.ask(request, { method: "GET", path, schema: nothing }); // it is the caller's to see
      await reportOutcome(id, disposition);
      return reply.type("text/plain; charset=utf-8").send("OK");
    });
  });
}
