import { startFakeVtiger } from "../../src/connectors/vtiger/fake-vtiger.ts";
import { startBadWeather, type Weather } from "../fakes/bad-weather.ts";
import { createChance } from "./chance.ts";
import type { CrmFacts, CrmWrite } from "./invariants.ts";
import type { Scenario } from "./scenario.ts";
import { toRealMs } from "./simulated-time.ts";
import type { Trace } from "./trace.ts";

/** Vtiger's stand-in behind bad weather. */
export interface StormyCrm {
  url: string;
  letItRain(): void;
  /** Fine weather and right credentials from now on. */
  clearUp(): void;
  breakFor(ms: number): Promise<void>;
  refuseCredentialsFor(ms: number): Promise<void>;
  loseSessions(): void;
  /** Somebody else asks for a challenge as our user: the one under way is void. */
  overlapLogin(): Promise<void>;
  /** Nothing is on its way to it any more, however late. */
  isQuiet(): boolean;
  facts(): CrmFacts;
  /** Requests for a write so far, whatever became of them; and all requests that met bad weather. */
  writesAsked(): number;
  faults(): number;
  stop(): Promise<void>;
}

export const CRM_USER = "apiuser";

/** What a request may meet, each about equally often. */
const STORMS = [
  "empty 500",
  "html 502",
  "busy 429",
  "cut before",
  "cut after",
  "slow answer",
  "late arrival",
] as const satisfies readonly Weather[];
/** A write is hit where it hurts: it is done, and nobody knows. */
const WRITE_STORMS = [
  ...STORMS,
  "cut after",
  "slow answer",
  "late arrival",
  "late arrival",
  "late arrival",
] as const satisfies readonly Weather[];
/** Share of the rain that falls on what only reads: an attempt must come as far as its write to be of interest. */
const RAIN_ON_READS = 0.3;
/** Beyond the connector's patience of 20 s, and short of what the house waits after an uncertain answer (60 s more). */
const LATE_SECONDS = { min: 21, max: 55 };

export async function createStormyCrm({ scenario, trace }: { scenario: Scenario; trace: Trace }): Promise<StormyCrm> {
  const chance = createChance(`${scenario.seed}/weather`);
  const crm = await startFakeVtiger({ unique: scenario.preventsDuplicates ? ["PBXManager.sourceuuid"] : [] });
  for (const [lastname, phone] of KNOWN) crm.addContact({ lastname, phone });
  const user = crm.user(CRM_USER);
  const { accessKey } = user;
  const writes: CrmWrite[] = [];
  let rains = false;
  let isBroken = false;
  let writesAsked = 0;
  let faults = 0;

  function forecast({ operation, body }: { operation: string; body: string }): Weather {
    if (isWrite(operation)) writesAsked++;
    const weather = toWeather(operation);
    if (weather !== "fine") faults++;
    if (weather !== "fine" || isWrite(operation)) trace.add("crm", `${operation} ${toSubject(body)} meets ${weather}`);
    return weather;
  }

  function toWeather(operation: string): Weather {
    if (isBroken) return "html 502";
    if (!rains || !chance.happens(scenario.rain * (isWrite(operation) ? 1 : RAIN_ON_READS))) return "fine";
    if (!isWrite(operation)) return chance.pick(STORMS);
    return chance.happens(0.05) ? "html trace" : chance.pick(WRITE_STORMS);
  }

  const weather = await startBadWeather({
    target: crm.url,
    forecast,
    lateMs: () => toRealMs(chance.between(LATE_SECONDS.min, LATE_SECONDS.max) * 1000),
    onPassed: ({ operation, body, answer }) => {
      if (!isWrite(operation)) return;
      const write = toWrite(operation, answer);
      trace.add(
        "crm",
        `${operation} ${toSubject(body)} ${write ? `wrote ${write.id} ${write.fields.sourceuuid}` : answer}`,
      );
      if (write) writes.push(write);
    },
  });

  return {
    url: weather.url,
    letItRain: () => {
      rains = true;
    },
    clearUp: () => {
      rains = false;
      isBroken = false;
      user.accessKey = accessKey;
    },
    breakFor: async (ms) => {
      isBroken = true;
      await pause(ms);
      isBroken = false;
    },
    refuseCredentialsFor: async (ms) => {
      user.accessKey = "changed by somebody";
      crm.faults.expireSessions();
      await pause(ms);
      user.accessKey = accessKey;
    },
    loseSessions: () => crm.faults.expireSessions(),
    overlapLogin: async () => {
      await fetch(`${crm.url}?operation=getchallenge&username=${CRM_USER}`);
    },
    isQuiet: () => weather.underWay() === 0,
    facts: () => ({ records: crm.records("PBXManager"), writes }),
    writesAsked: () => writesAsked,
    faults: () => faults,
    stop: async () => {
      await weather.stop();
      await crm.stop();
    },
  };
}

/** Two of the scenario's numbers are known, one of them in a person's own spelling. */
const KNOWN = [
  ["Ana", "+34600000001"],
  ["Blas", "(600) 000-002"],
] as const;

const isWrite = (operation: string): boolean => operation === "create" || operation === "revise";

function toSubject(body: string): string {
  const element = new URLSearchParams(body).get("element");
  if (!element) return "";
  const { id, sourceuuid, callstatus } = JSON.parse(element);
  return [id, sourceuuid, callstatus].filter(Boolean).join(" ");
}

function toWrite(operation: string, answer: string): CrmWrite | undefined {
  const { success, result } = answer.startsWith("{") ? JSON.parse(answer) : { success: false, result: undefined };
  return success ? { operation, id: result.id, fields: result } : undefined;
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
