import type { Clock } from "../../kit/clock.ts";
import type { Random } from "../../kit/random.ts";
import { signCall } from "../send-test-call.ts";
import { type CallPayload, type CallStep, createCall } from "./call-stream.ts";
import type { Ledger } from "./ledger.ts";

export interface DemoPbxOptions {
  url: string;
  secret: string;
  callsPerSecond: number;
  ledger: Ledger;
  clock: Clock;
  random: Random;
  toRecordingUrl(callUuid: string): string;
}

const TRIES_MAX = 5;
const RETRY_AFTER_MS = 500;

/**
 * A PBX that tells Enlace about made-up calls, signed, until `signal` says stop; calls under way are told to their end.
 * Like a real one it repeats what was not accepted, a few times.
 */
export async function runDemoPbx(options: DemoPbxOptions, signal: AbortSignal): Promise<void> {
  const { clock, random, callsPerSecond, toRecordingUrl } = options;
  const talking = new Set<Promise<void>>();
  for (let number = 1; !signal.aborted; number++) {
    const { uuid, steps } = createCall(random, number, { at: clock.now(), toRecordingUrl });
    const call = tellCall(options, uuid, steps).finally(() => talking.delete(call));
    talking.add(call);
    await rest(clock, (500 + 1000 * random.fraction()) / callsPerSecond, signal);
  }
  await Promise.all(talking);
}

async function tellCall(options: DemoPbxOptions, uuid: string, steps: readonly CallStep[]): Promise<void> {
  for (const { afterMs, payload } of steps) {
    await options.clock.sleep(afterMs);
    const isEnd = payload.end_time !== undefined;
    if (await tell(options, payload)) options.ledger.onAccepted(uuid, isEnd);
    else options.ledger.onRefused();
  }
}

/** Signs and posts what a PBX says; false when it was not taken, however often it was repeated. */
export async function tell(
  { url, secret, clock }: Pick<DemoPbxOptions, "url" | "secret" | "clock">,
  payload: CallPayload,
): Promise<boolean> {
  const { body, signature } = signCall(payload, secret, "raw");
  for (let tried = 1; tried <= TRIES_MAX; tried++) {
    if (await post(`${url}/webhook/call`, body, signature)) return true;
    await clock.sleep(RETRY_AFTER_MS);
  }
  return false;
}

async function post(url: string, body: string, signature: string): Promise<boolean> {
  try {
    const headers = { "content-type": "application/json", "x-signature": signature };
    const answer = await fetch(url, { method: "POST", headers, body });
    await answer.text();
    return answer.ok;
  } catch {
    return false; // Enlace was not there: the caller tries again and counts
  }
}

/** Sleeps, or wakes at once when told to stop. */
export async function rest(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  try {
    await clock.sleep(ms, signal);
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}
