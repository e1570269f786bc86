import { type Chance, createChance } from "./chance.ts";

/** Everything that will happen in one run, fixed by its seed. Instants are machine milliseconds after the start of the run. */
export interface Scenario {
  seed: number;
  /** Enlace processes that share the database. */
  processes: 1 | 2;
  calls: readonly string[];
  /** In order of time. */
  posts: readonly PlannedPost[];
  /** In order of time. */
  disasters: readonly Disaster[];
  /** Share of requests to the CRM that meet bad weather while the chaos lasts. */
  rain: number;
  chaosMs: number;
  /** Attempts before a delivery becomes a dead letter; few make them common. */
  attemptsMax: number;
  /** Whether calls that still ring are written to the CRM. */
  writesInProgress: boolean;
  /** Whether the CRM refuses a second record of one call id (Vtiger's duplicate prevention). */
  preventsDuplicates: boolean;
}

/** One signed request of the PBX. Those that must be refused would change their call visibly if they were taken. */
export interface PlannedPost {
  atMs: number;
  callUuid: string;
  body: string;
  fault: "none" | "bit flipped" | "bad json" | "bad field";
  /** How often a request without an answer is repeated; a patient sender never stops. */
  patience: "endless" | "one try";
}

export type Disaster =
  | { kind: "kill"; atMs: number; process: number; downMs: number; livesMs: number }
  | { kind: "postgres crash"; atMs: number; downMs: number }
  | { kind: "crm outage"; atMs: number; forMs: number }
  | { kind: "crm credentials"; atMs: number; forMs: number }
  | { kind: "crm sessions lost"; atMs: number }
  | { kind: "crm overlapping login"; atMs: number };

/** Calls of a morning long ago: what the PBX says has nothing to do with when it says so. */
const MORNING_MS = Date.UTC(2025, 7, 2, 8);
const CHAOS_MS = 3_500;
const TALKED = ["answered", "completed"] as const;
const NOT_TALKED = ["missed", "busy", "failed", "cancelled"] as const;

export function createScenario(seed: number): Scenario {
  const chance = createChance(seed);
  const processes = chance.happens(0.5) ? 2 : 1;
  const calls = Array.from({ length: chance.between(25, 60) }, (_, index) => `sim-${seed}-${index}`);
  const posts = calls.flatMap((callUuid, index) => toPosts(callUuid, index, chance.fork(callUuid)));
  return {
    seed,
    processes,
    calls,
    posts: [...posts, ...toNonsense(seed, chance.fork("nonsense"))].sort((a, b) => a.atMs - b.atMs),
    disasters: toDisasters(processes, chance.fork("disasters")).sort((a, b) => a.atMs - b.atMs),
    rain: chance.pick([0, 0.05, 0.15, 0.3, 0.5]),
    chaosMs: CHAOS_MS,
    attemptsMax: chance.pick([1, 2, 4, 12, 12]),
    writesInProgress: chance.happens(0.6),
    preventsDuplicates: chance.happens(0.3),
  };
}

/** One call's reports, each told one to three times, each telling late by its own chance: so they overtake one another. */
function toPosts(callUuid: string, index: number, chance: Chance): PlannedPost[] {
  const beginsMs = chance.between(0, CHAOS_MS - 1_000);
  const reports = toReports(callUuid, index, chance);
  const good = reports.flatMap((report, step) =>
    Array.from(
      { length: chance.happens(0.3) ? chance.between(2, 3) : 1 },
      (): PlannedPost => ({
        atMs: Math.round(beginsMs + step * 120 + chance.wait(chance.happens(0.25) ? 700 : 80)),
        callUuid,
        body: chance.happens(0.2) ? JSON.stringify(report, null, 2) : JSON.stringify(report),
        fault: "none",
        patience: chance.happens(0.15) ? "one try" : "endless",
      }),
    ),
  );
  if (!chance.happens(0.15)) return good;
  const forged = { ...reports.at(-1), status: "transferred", agent_ext: "6666" };
  return [...good, toRefused(callUuid, JSON.stringify(forged), "bit flipped", beginsMs + chance.between(0, 800))];
}

function toReports(callUuid: string, index: number, chance: Chance): Record<string, string>[] {
  const startMs = MORNING_MS + index * 60_000;
  const inbound = chance.happens(0.7);
  const person = chance.pick([
    "+34600000001",
    "+34600000002",
    "600 000 003",
    "+34600000099",
    "+34600000098",
    "anonymous",
  ]);
  const extension = chance.pick(["1001", "1002", "1003", "1999"]);
  const about = {
    call_uuid: callUuid,
    from: inbound ? person : extension,
    to: inbound ? "+34900112233" : person,
    direction: inbound ? "inbound" : "outbound",
    start_time: toIso(startMs),
    pbx_system: "sim",
  };
  const endMs = startMs + chance.between(5, 300) * 1000;
  const ended = { ...about, end_time: toIso(endMs), agent_ext: extension };
  const recording = { recording_url: `https://pbx.example.test/recordings/${callUuid}.mp3` };
  if (chance.happens(0.4)) {
    return [...toBeginning(about, chance), { ...ended, status: chance.pick(NOT_TALKED) }];
  }
  const talked = { ...ended, status: chance.pick(TALKED) };
  const talking = { ...about, status: "in_progress", agent_ext: extension };
  const last = chance.happens(0.5) ? [talked, { ...talked, ...recording }] : [{ ...talked, ...recording }];
  return [...toBeginning(about, chance), ...(chance.happens(0.7) ? [talking] : []), ...last];
}

function toBeginning(about: Record<string, string>, chance: Chance): Record<string, string>[] {
  return chance.happens(0.8) ? [{ ...about, status: "ringing" }] : [];
}

/** Requests about calls that never were: none of them may leave a trace. */
function toNonsense(seed: number, chance: Chance): PlannedPost[] {
  const body = (uuid: string): string =>
    JSON.stringify({
      call_uuid: uuid,
      from: "+34600000001",
      to: "+34900112233",
      direction: "inbound",
      status: "ringing",
    });
  const at = (): number => chance.between(0, CHAOS_MS);
  return [
    toRefused(`refused-${seed}-1`, body(`refused-${seed}-1`), "bit flipped", at()),
    toRefused(`refused-${seed}-2`, body(`refused-${seed}-2`).slice(0, -1), "bad json", at()),
    toRefused(`refused-${seed}-3`, body(`refused ${seed} <3>`), "bad field", at()),
  ];
}

function toRefused(callUuid: string, body: string, fault: PlannedPost["fault"], atMs: number): PlannedPost {
  return { atMs, callUuid, body, fault, patience: "endless" };
}

function toDisasters(processes: number, chance: Chance): Disaster[] {
  const at = (): number => chance.between(200, CHAOS_MS - 200);
  const some = (most: number, make: () => Disaster): Disaster[] =>
    Array.from({ length: chance.between(0, most) }, () => make());
  const kill = (): Disaster => ({
    kind: "kill",
    atMs: at(),
    process: chance.between(0, processes - 1),
    downMs: chance.between(0, 400),
    livesMs: chance.between(50, 1_200),
  });
  return [
    kill(),
    ...some(1, kill),
    ...some(1, () => ({ kind: "postgres crash", atMs: at(), downMs: chance.between(0, 500) })),
    ...some(1, () => ({ kind: "crm outage", atMs: at(), forMs: chance.between(200, 1_500) })),
    ...some(1, () => ({ kind: "crm credentials", atMs: at(), forMs: chance.between(200, 1_000) })),
    ...some(2, () => ({ kind: "crm sessions lost", atMs: at() })),
    ...some(3, () => ({ kind: "crm overlapping login", atMs: at() })),
  ];
}

const toIso = (ms: number): string => new Date(ms).toISOString().replace(".000Z", "Z");
