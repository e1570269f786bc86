import type { RowId, TenantId } from "../../core/ids.ts";
import type { Clock } from "../../kit/clock.ts";
import type { Log } from "../../kit/log.ts";
import type { Metrics } from "../../kit/metrics.ts";
import type { Database } from "../../kit/postgres/database.ts";
import type { AgentRequest, FreeAgent } from "../ivr/ivr-session.ts";
import type { Project } from "../project.ts";
import { createDeskPhones, type DeskItem, type DeskPhones } from "./desk-phones.ts";
import { toMoreLines } from "./pacing.ts";
import { type AgentFigures, loadAgentFigures } from "./store.ts";

/*
 * Campaigns whose calls go to people at desks. Says how many lines may ring (pacing.ts), and finds a free person for whoever
 * answered. It knows the phones of the PBXs that this process listens to, and no others: where a PBX is owned it is dialled.
 */
export interface Agents {
  /** How many more lines of the project may be dialled now. */
  toAgentRoom(project: Project, now: Date): Promise<number>;
  /** A free person, kept free of others; waits for one until the signal aborts, then `null`. */
  requestAgent(request: AgentRequest): Promise<FreeAgent | null>;
  /** Extensions of a PBX that were left to ring lately, and until when no campaign rings them; for people who look. */
  listResting(tenantId: TenantId, pbxId: string): ReadonlyMap<string, Date>;
  /** Extensions of a PBX that must not be rung, by what it says of queues and phones; `null`: nobody knows, and nobody is rung. */
  noteAway(tenantId: TenantId, pbxId: string, extensions: ReadonlySet<string> | null): void;
  /** Listens to a PBX's phones for as long as it is ours. */
  observe(pbx: DeskPbx): { take(items: readonly DeskItem[]): void; run(signal: AbortSignal): Promise<void> };
}

export interface DeskPbx {
  id: string;
  tenantId: TenantId;
  /** Peer name → extension. */
  extensions: ReadonlyMap<string, string>;
}

export interface AgentsOptions {
  database: Database;
  clock: Clock;
  log: Log;
  metrics: Metrics;
  /** What Dial rings for an extension of the PBX: `PJSIP/101`. */
  toChannel(request: { tenantId: TenantId; pbxId: RowId; extension: string }): string;
  /** Highest abandoned share that the project's policy allows; `null`: it says nothing. */
  loadShareMax(project: Project): Promise<number | null>;
}

/** Persons who were given to somebody; a call's own row says only that it was answered. */
type Talks = Map<string, Set<string>>;

export function createAgents(options: AgentsOptions): Agents {
  const { database, clock, log, metrics } = options;
  const desks = new Map<string, DeskPhones>();
  const away = new Map<string, ReadonlySet<string>>();
  const talks: Talks = new Map();
  const handed = metrics.counter(
    "enlace_agent_requests_total",
    "Persons who waited for somebody at a desk, and what came of it",
    ["outcome"],
  );

  const ofTenant = (project: Project): DeskPhones[] =>
    [...desks].filter(([key]) => key.startsWith(`${project.tenantId} `)).map(([, phones]) => phones);

  const countFree = (project: Project, now: Date): number => {
    const free = ofTenant(project).map((phones) => phones.listFree(project.agents.extensions, now.getTime()).length);
    return Math.max(0, ...free); // its trunks' PBX is one; phones of the same numbers elsewhere are others
  };

  return {
    toAgentRoom: async (project, now) => {
      const free = countFree(project, now);
      if (free === 0) return 0;
      const [figures, shareMax] = await Promise.all([
        loadAgentFigures(database, project, now),
        options.loadShareMax(project),
      ]);
      return toRoom(project, figures, { free, talking: talks.get(project.id)?.size ?? 0, shareMax });
    },
    requestAgent: async (request) => {
      const agent = await findAgent(request, { phones: desks.get(`${request.tenantId} ${request.pbxId}`), clock });
      handed.inc({ outcome: agent === null ? "nobody" : "offered" });
      if (agent === null) log.info({ tenantId: request.tenantId, projectId: request.project.id }, "agents.nobody_free");
      return agent && toFreeAgent(options, request, { ...agent, talks });
    },
    listResting: (tenantId, pbxId) =>
      desks.get(`${tenantId} ${pbxId}`)?.listResting(clock.now().getTime()) ?? new Map(),
    noteAway: (tenantId, pbxId, extensions) => {
      const key = `${tenantId} ${pbxId}`;
      if (extensions === null) away.delete(key);
      else away.set(key, extensions);
      desks.get(key)?.noteAway(extensions);
    },
    observe: (pbx) => {
      const key = `${pbx.tenantId} ${pbx.id}`;
      const phones = createDeskPhones((peer) => pbx.extensions.get(peer) ?? peer);
      return {
        take: phones.take,
        run: async (signal) => {
          phones.noteAway(away.get(key) ?? null);
          desks.set(key, phones);
          await new Promise<void>((resolve) => {
            if (signal.aborted) resolve();
            else signal.addEventListener("abort", () => resolve(), { once: true });
          });
          if (desks.get(key) === phones) desks.delete(key);
        },
      };
    },
  };
}

/** What every bound leaves room for: the project's, and that of each active campaign, as if all that rings were its own. */
function toRoom(
  { agents }: Project,
  { month, today, campaigns, seen, ringing, answered }: AgentFigures,
  { free, talking, shareMax }: { free: number; talking: number; shareMax: number | null },
): number {
  const unassigned = Math.max(0, answered - talking);
  const cap = Math.min(agents.abandonedShareMax, shareMax ?? 1);
  const rooms = [{ month, today }, ...campaigns].map((counted) =>
    toMoreLines({ free, unassigned, ringing, seen, ...counted, shareMax: cap }),
  );
  return Math.min(...rooms);
}

interface Found {
  extension: string;
  phones: DeskPhones;
}

/** The one who has been free longest, now or as soon as there is one. */
function findAgent(
  { project, except, signal }: AgentRequest,
  { phones, clock }: { phones: DeskPhones | undefined; clock: Clock },
): Promise<Found | null> {
  if (!phones) return Promise.resolve(null);
  const take = (): Found | undefined => {
    const wanted = project.agents.extensions.filter((extension) => !except.includes(extension));
    const [extension] = phones.listFree(wanted, clock.now().getTime());
    if (extension === undefined) return undefined;
    phones.keep(extension);
    return { extension, phones };
  };
  return new Promise((resolve) => {
    const settle = (found: Found | null): void => {
      stop();
      signal.removeEventListener("abort", giveUp);
      resolve(found);
    };
    const giveUp = (): void => settle(null);
    const stop = phones.onFree(() => {
      const found = take();
      if (found) settle(found);
    });
    const found = signal.aborted ? null : take();
    if (found !== undefined) settle(found);
    else signal.addEventListener("abort", giveUp, { once: true });
  });
}

function toFreeAgent(
  { toChannel, clock }: AgentsOptions,
  { tenantId, pbxId, project, attemptId }: AgentRequest,
  { extension, phones, talks }: Found & { talks: Talks },
): FreeAgent {
  const giveBack = (answered: boolean): void => phones.giveBack(extension, { answered, nowMs: clock.now().getTime() });
  let channel: string;
  try {
    channel = toChannel({ tenantId, pbxId, extension });
  } catch (error) {
    giveBack(true); // the phone did nothing wrong
    throw error;
  }
  const own = talks.get(project.id) ?? new Set();
  talks.set(project.id, own.add(attemptId));
  let isHeld = true;
  return {
    extension,
    channel,
    release: ({ answered }) => {
      if (!isHeld) return;
      isHeld = false;
      own.delete(attemptId);
      if (own.size === 0) talks.delete(project.id);
      giveBack(answered);
    },
  };
}
