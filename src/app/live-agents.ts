import { z } from "zod";
import type { LiveBoard, OwnPart } from "../calls/live/board.ts";
import type { LiveCall } from "../calls/live/schema.ts";
import type { RowId } from "../core/ids.ts";
import { loadAgentProjects } from "../dialer/projects/store.ts";
import { instantField, toInstant } from "../http/wire.ts";
import { loadPhones, type StoredPhone } from "../telephony/phones/store.ts";
import type { Extension } from "../tenants/extensions/store.ts";
import type { Ground } from "./ground.ts";
import type { Rooms } from "./rooms.ts";

/** More people than anybody looks at. */
const AGENTS_MAX = 2_000;

export const agentItem = z
  .object({
    extension: z.string(),
    name: z.string(),
    state: z.enum(["free", "ringing", "dialing", "talking", "offline", "unknown"]).meta({
      description: "`unknown`: no PBX that Enlace listens to has said anything of the phone",
    }),
    since: instantField.nullable(),
    paused: z.boolean().meta({ description: "Do not disturb, or paused in every queue" }),
    pause_reason: z.string().nullable(),
    with: z.string().nullable().meta({ description: "Who is at the other end" }),
    call_id: z.string().nullable(),
    campaigns: z
      .object({
        ready: z.boolean().nullable().meta({ description: "Would be given the next person; null: not known" }),
        rests_until: instantField.nullable().meta({ description: "Did not pick up; left alone until then" }),
        projects: z.array(z.object({ id: z.string(), name: z.string() })),
      })
      .nullable()
      .meta({ description: "Of projects whose calls go to people; null: none of this person" }),
  })
  .meta({ id: "LiveAgent" });
export type LiveAgent = z.infer<typeof agentItem>;

/** The people at the phones. What they do the PBX says; who is at the other end, the call says. */
export function createAgentBoard(
  { database }: Ground,
  { tenants }: Pick<Rooms, "tenants">,
): LiveBoard<LiveAgent> & { item: typeof agentItem } {
  return {
    name: "agents",
    rule: { roles: ["agent", "viewer"], scope: "pbxs:read" },
    item: agentItem,
    toKey: ({ extension }) => extension,
    load: async (tenantId, calls) => {
      const [extensions, phones, projects] = await Promise.all([
        tenants.extensions.list(tenantId, { afterNumber: "", rowsMax: AGENTS_MAX }),
        loadPhones(database.sql, tenantId, AGENTS_MAX),
        loadAgentProjects(database.sql, tenantId),
      ]);
      return toAgents({ extensions, phones, calls, projects });
    },
    toOwn,
  };
}

/** Others see that this person talks, and with whom where they see the call. Pure. */
export function toOwn(agent: LiveAgent, { projects, calls, hidesCalls }: OwnPart): LiveAgent {
  const own = agent.campaigns?.projects.filter(({ id }) => projects.has(id as RowId)) ?? [];
  const campaigns = agent.campaigns && own.length > 0 ? { ...agent.campaigns, projects: own } : null;
  if (!hidesCalls || calls.some(({ id }) => id === agent.call_id)) return { ...agent, campaigns };
  return { ...agent, campaigns, with: null, call_id: null };
}

interface Known {
  extensions: readonly Pick<Extension, "number" | "name">[];
  phones: readonly StoredPhone[];
  calls: readonly LiveCall[];
  projects: readonly { id: RowId; name: string; extensions: readonly string[] }[];
}

/** Everybody of the tenant's list, and whoever talks without being in it. Pure. */
export function toAgents({ extensions, phones, calls, projects }: Known): LiveAgent[] {
  const names = new Map(extensions.map(({ number, name }) => [number, name]));
  const phoneOf = Map.groupBy(phones, ({ extension }) => extension);
  const callOf = new Map(
    calls
      .toReversed()
      .flatMap((call) => (call.agent_extension === null ? [] : [[call.agent_extension, call] as const])),
  );
  const projectsOf = Map.groupBy(
    projects.flatMap((project) => project.extensions.map((extension) => ({ extension, project }))),
    ({ extension }) => extension,
  );
  const everybody = new Set([...names.keys(), ...callOf.keys(), ...projectsOf.keys()]);
  return [...everybody]
    .sort()
    .slice(0, AGENTS_MAX)
    .map((extension) => {
      const phone = toBusiest(phoneOf.get(extension) ?? []);
      const call = callOf.get(extension);
      const own = projectsOf.get(extension)?.map(({ project: { id, name } }) => ({ id, name }));
      return {
        extension,
        name: names.get(extension) ?? "",
        ...toDoing(phone, call),
        paused: phone?.paused ?? false,
        pause_reason: phone?.pauseReason ?? null,
        campaigns: own
          ? { ready: toReady(phone), rests_until: toInstant(phone?.restsUntilAt ?? null), projects: own }
          : null,
      };
    });
}

/** Without a word of a PBX the call says that somebody talks; with it, the call says with whom. */
function toDoing(
  phone: StoredPhone | undefined,
  call: LiveCall | undefined,
): Pick<LiveAgent, "state" | "since" | "with" | "call_id"> {
  const isBusy = phone === undefined ? call !== undefined : BUSY.has(phone.state);
  const shown = isBusy ? call : undefined;
  const other = shown && (shown.direction === "outbound" ? shown.to : shown.from);
  return {
    state: phone?.state ?? (call ? call.state : "unknown"),
    since: phone ? toInstant(phone.sinceAt) : (call?.answered_at ?? call?.started_at ?? null),
    with: other ?? (isBusy ? (phone?.other ?? null) : null),
    call_id: shown?.id ?? null,
  };
}

const BUSY: ReadonlySet<StoredPhone["state"]> = new Set(["talking", "ringing", "dialing"]);
const RANK: readonly StoredPhone["state"][] = ["talking", "ringing", "dialing", "free", "offline"];

/** Of the phones that have this extension at several PBXs. */
function toBusiest(phones: readonly StoredPhone[]): StoredPhone | undefined {
  return phones.toSorted((one, other) => RANK.indexOf(one.state) - RANK.indexOf(other.state))[0];
}

/** As the dialer chooses: whoever's phone can be reached, is not in a call and was not left to ring lately. */
function toReady(phone: StoredPhone | undefined): boolean | null {
  return phone ? phone.state === "free" && phone.restsUntilAt === null : null;
}
