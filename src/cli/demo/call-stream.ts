import type { Random } from "../../kit/random.ts";

/** One thing a PBX says about a call, `afterMs` after what it said before. */
export interface CallStep {
  afterMs: number;
  payload: Readonly<Record<string, string>>;
}

/** A person of the demo: known to the CRM, or not. */
export interface DemoPerson {
  firstName: string;
  lastName: string;
  number: string;
}

/** Numbers that nobody has: the ranges are not given to subscribers. */
export const PEOPLE: readonly DemoPerson[] = [
  { firstName: "Lucía", lastName: "Ejemplo Márquez", number: "+34600000011" },
  { firstName: "Andrés", lastName: "Muestra Peña", number: "+34600000012" },
  { firstName: "Núria", lastName: "Prova Vidal", number: "+34600000013" },
  { firstName: "Ximena", lastName: "Ficticia Ríos", number: "+525500000014" },
  { firstName: "Óscar", lastName: "Inventado Salas", number: "+525500000015" },
  { firstName: "Begoña", lastName: "Simulada Ortiz", number: "+34600000016" },
];
export const STRANGERS = ["+34600000081", "+34600000082", "+525500000083"];
const OFFICE = "+34900000001";
export const AGENTS = ["1001", "1002", "1003"];

type Ending = "completed" | "missed" | "busy";
/** How often each ending comes, out of ten. */
const ENDINGS: readonly Ending[] = [
  ...["completed", "completed", "completed", "completed", "completed", "completed", "completed"],
  ...["missed", "missed", "busy"],
] as Ending[];

const RING_MS = [800, 2500] as const;
const TALK_MS = [2000, 7000] as const;

/** Makes up one call after another: who, which way and how it ends are chance. `at` is when it begins. */
export function createCall(random: Random, number: number, at: Date): { uuid: string; steps: CallStep[] } {
  const uuid = `demo-${random.uuid().slice(0, 8)}-${number}`;
  const someone = pick(random, [...PEOPLE.map((person) => person.number), ...STRANGERS]);
  const isInbound = random.fraction() < 0.7;
  const agent = pick(random, AGENTS);
  const ending = pick(random, ENDINGS);
  const ringMs = between(random, RING_MS);
  const talkMs = ending === "completed" ? between(random, TALK_MS) : 0;
  const base = {
    call_uuid: uuid,
    from: isInbound ? someone : OFFICE,
    to: isInbound ? OFFICE : someone,
    direction: isInbound ? "inbound" : "outbound",
    start_time: toWire(at),
    agent_ext: agent,
    pbx_system: "centralita1",
  };
  const answered = { ...base, answer_time: toWire(plus(at, ringMs)) };
  const ended = {
    ...(ending === "completed" ? answered : base),
    status: ending,
    end_time: toWire(plus(at, ringMs + talkMs)),
    ...(ending === "completed" && { recording_url: `https://pbx.example.com/recordings/${uuid}.mp3` }),
  };
  const steps: CallStep[] = [{ afterMs: 0, payload: { ...base, status: "ringing" } }];
  if (ending === "completed") steps.push({ afterMs: ringMs, payload: { ...answered, status: "in_progress" } });
  steps.push({ afterMs: ending === "completed" ? talkMs : ringMs, payload: ended });
  return { uuid, steps };
}

const plus = (at: Date, ms: number): Date => new Date(at.getTime() + ms);
const toWire = (at: Date): string => at.toISOString();
const between = (random: Random, [from, to]: readonly [number, number]): number =>
  Math.round(from + random.fraction() * (to - from));

export function pick<T>(random: Random, choices: readonly T[]): T {
  const choice = choices[Math.floor(random.fraction() * choices.length)];
  if (choice === undefined) throw new RangeError("nothing to choose from");
  return choice;
}
