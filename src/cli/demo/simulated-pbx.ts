import { z } from "zod";
import { toErrorMessage } from "../../core/errors.ts";
import type { Clock } from "../../kit/clock.ts";
import type { Random } from "../../kit/random.ts";
import { type ApiClient, parseAnswer } from "../api-client.ts";
import { PEOPLE, pick, STRANGERS } from "./call-stream.ts";
import type { Ledger } from "./ledger.ts";
import { rest } from "./pbx.ts";
import { AGENTS } from "./team.ts";

/** The simulated Asterisk as the demo sees it; telephony/fake-pbx. */
export interface SimulatedPbx {
  startTraffic(): void;
  stopTraffic(): void;
  /** Calls that are going on. */
  concurrent(): number;
}

/** A call of it that is over, as it knows it itself. */
export interface EndedCall {
  callUuid: string;
  kind: string;
  direction: "inbound" | "outbound" | "internal";
  from: string;
  to: string;
  outcome: string;
  /** Who talked, in order. */
  talked: readonly string[];
}

/** Everybody of the simulated PBX; numbers as its carrier writes them, without the country code of its own country. */
export const PBX_PEOPLE = {
  extensions: AGENTS,
  queueMembers: AGENTS.slice(0, 4),
  outside: [...PEOPLE.map(({ number }) => number), ...STRANGERS].map((number) =>
    number.startsWith("+34") ? number.slice(3) : number.replace("+", "00"),
  ),
  office: "900000001",
};

/** Shorter than life, so that there is something to see. */
export const PBX_PACE = { ringMs: [500, 1500], talkMs: [4000, 14_000] } as const;

export interface PbxPartOptions {
  pbx: SimulatedPbx;
  api: ApiClient;
  ledger: Ledger;
  clock: Clock;
  random: Random;
  say(line: string): void;
  /** What else must be set up before Enlace listens undisturbed. */
  prepare(): Promise<void>;
  addExtensions(): Promise<void>;
  /** Enlace listens: goes on beside the traffic. */
  onListening(): void;
}

const LOOK_EVERY_MS = 100;
const LOOKS = 8;
const CLICK_EVERY_MS = 7_000;
const pbxs = z.object({ items: z.array(z.object({ status: z.object({ state: z.string() }) })) });

/**
 * Lets calls begin on the simulated PBX as soon as Enlace listens, and somebody click to call now and then, until `signal`
 * says stop; then waits for the calls under way.
 */
export async function runPbxPart(options: PbxPartOptions, signal: AbortSignal): Promise<void> {
  const { pbx, api, clock, say } = options;
  await options.prepare();
  await options.addExtensions(); // click-to-call rings known ones only
  // An extension makes Enlace connect anew: what begins and ends meanwhile would be heard by nobody.
  for (let looks = 0; !signal.aborted && looks < LOOKS; looks = (await isListening(api)) ? looks + 1 : 0) {
    await rest(clock, LOOK_EVERY_MS, signal);
  }
  if (!signal.aborted) say("--- Enlace listens to the PBX over AMI: its calls come in as Asterisk tells them.");
  pbx.startTraffic();
  if (!signal.aborted) options.onListening();
  while (!signal.aborted) {
    await rest(clock, CLICK_EVERY_MS, signal);
    if (!signal.aborted) await click(options);
  }
  pbx.stopTraffic();
  while (pbx.concurrent() > 0) await clock.sleep(LOOK_EVERY_MS);
}

async function isListening(api: ApiClient): Promise<boolean> {
  const { items } = parseAnswer(pbxs, await api.get("/api/v1/pbxs"));
  return items.some(({ status }) => status.state === "ready");
}

async function click({ api, random, say }: PbxPartOptions): Promise<void> {
  const [extension, { firstName, number }] = [pick(random, AGENTS), pick(random, PEOPLE)];
  try {
    await api.send("POST", "/api/v1/calls/originate", { extension, number });
    say(`--- Click-to-call: ${extension} rings, and ${firstName} (${number}) once it has picked up.`);
  } catch (error) {
    say(`--- Click-to-call was refused: ${toErrorMessage(error)}`); // Enlace may be connecting anew
  }
}

/** Keeps what Enlace owes the CRM, and tells of calls with a story. Calls inside the PBX do not go to CRMs. */
export function onPbxCall(call: EndedCall, ledger: Ledger, say: (line: string) => void): void {
  ledger.onPbxCall(call.callUuid, call.direction !== "internal");
  if (call.talked.length > 1) {
    say(
      `--- PBX call ${call.callUuid}: ${call.from} talked with ${call.talked.join(", then ")} (${call.kind} transfer).`,
    );
  }
}
