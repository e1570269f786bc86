import type { Random } from "../../kit/random.ts";
import { AGENTS } from "./team.ts";

/** What a PBX posts about a call. */
export type CallPayload = Readonly<Record<string, string>> & { readonly call_uuid: string };

/** One thing a PBX says about a call, `afterMs` after what it said before. */
export interface CallStep {
  afterMs: number;
  payload: CallPayload;
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
export const OFFICE = "+34900000001";

export type Ending = "completed" | "missed" | "busy";
/** How often each ending comes, out of ten. */
const ENDINGS: readonly Ending[] = [
  ...["completed", "completed", "completed", "completed", "completed", "completed", "completed"],
  ...["missed", "missed", "busy"],
] as Ending[];

const RING_MS = [800, 2500] as const;
const TALK_MS = [4000, 15_000] as const;

export interface CallCourse {
  uuid: string;
  at: Date;
  /** The customer's. */
  number: string;
  isInbound: boolean;
  ending: Ending;
  ringMs: number;
  /** Of a call that is talked. */
  talkMs: number;
  agent: string;
  toRecordingUrl(callUuid: string): string;
}

/** Makes up one call after another: who, which way and how it ends are chance. `at` is when it begins. */
export function createCall(
  random: Random,
  number: number,
  { at, toRecordingUrl }: Pick<CallCourse, "at" | "toRecordingUrl">,
): { uuid: string; steps: CallStep[] } {
  const course: CallCourse = {
    ...{ at, toRecordingUrl, uuid: `demo-${random.uuid().slice(0, 8)}-${number}` },
    number: pick(random, [...PEOPLE.map((person) => person.number), ...STRANGERS]),
    isInbound: random.fraction() < 0.7,
    agent: pick(random, AGENTS),
    ending: pick(random, ENDINGS),
    ringMs: between(random, RING_MS),
    talkMs: between(random, TALK_MS),
  };
  const { uuid, ending, ringMs, talkMs } = course;
  const steps: CallStep[] = [{ afterMs: 0, payload: { ...toBase(course), status: "ringing" } }];
  if (ending === "completed")
    steps.push({ afterMs: ringMs, payload: { ...toAnswered(course), status: "in_progress" } });
  steps.push({ afterMs: ending === "completed" ? talkMs : ringMs, payload: toCallEnd(course) });
  return { uuid, steps };
}

/** The last thing that is told of a call. */
export function toCallEnd(course: CallCourse): CallPayload {
  const { uuid, at, ending, ringMs, talkMs, toRecordingUrl } = course;
  if (ending !== "completed") return { ...toBase(course), status: ending, end_time: toWire(plus(at, ringMs)) };
  return {
    ...toAnswered(course),
    status: ending,
    end_time: toWire(plus(at, ringMs + talkMs)),
    recording_url: toRecordingUrl(uuid),
  };
}

function toBase({ uuid, at, number, isInbound, agent }: CallCourse): CallPayload {
  return {
    call_uuid: uuid,
    from: isInbound ? number : OFFICE,
    to: isInbound ? OFFICE : number,
    direction: isInbound ? "inbound" : "outbound",
    start_time: toWire(at),
    agent_ext: agent,
    pbx_system: "centralita1",
  };
}

function toAnswered(course: CallCourse): CallPayload {
  return { ...toBase(course), answer_time: toWire(plus(course.at, course.ringMs)) };
}

const plus = (at: Date, ms: number): Date => new Date(at.getTime() + ms);
const toWire = (at: Date): string => at.toISOString();
export const between = (random: Random, [from, to]: readonly [number, number]): number =>
  Math.round(from + random.fraction() * (to - from));

export function pick<T>(random: Random, choices: readonly T[]): T {
  const choice = choices[Math.floor(random.fraction() * choices.length)];
  if (choice === undefined) throw new RangeError("nothing to choose from");
  return choice;
}
