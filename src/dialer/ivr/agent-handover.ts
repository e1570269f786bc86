import { createDeadline } from "../../kit/clock.ts";
import type { IvrCall } from "./ivr-call.ts";
import type { FreeAgent } from "./ivr-session.ts";
import { dialOther } from "./transfer.ts";

/*
 * A person who answered a campaign of people waits for a free one:
 *
 *   waiting, with music ── an agent is free ──▶ ringing ── picked up ──▶ talking ──▶ transferred
 *      ▲                                           └─ not picked up ──▶ waiting, without that one
 *      └─ waitMs is over ──▶ safe_harbour ──▶ abandoned
 *
 * The wait counts from when a person was found, whatever happens in it. Who hangs up before it is over has not been abandoned.
 */

/** Rings at least as long as a phone takes to be told. */
const RING_SECONDS_MIN = 1;
const RUNG_MAX = 20;

/** `optOut` is run when the person asks for no more calls while the prompt is heard. */
export async function handToAgent(call: IvrCall, optOut: () => Promise<void>): Promise<void> {
  const { channel, session, course, speech, clock } = call;
  const sinceMs = clock.monotonicMs();
  const leftMs = (): number => session.project.agents.waitMs - (clock.monotonicMs() - sinceMs);
  const except: string[] = [];
  await channel.exec("StartMusicOnHold");
  while (leftMs() > 0 && except.length < RUNG_MAX) {
    const agent = await findAgent(call, except, leftMs());
    if (!agent) break;
    const waitedSeconds = (clock.monotonicMs() - sinceMs) / 1_000;
    if (await connect(call, agent, { waitedSeconds, leftMs: leftMs() })) return;
    if (channel.isHungUp()) return;
    except.push(agent.extension);
  }
  if (channel.isHungUp()) return;
  course.disposition = "abandoned";
  await channel.exec("StopMusicOnHold");
  const optOutKey = session.project.ivr.optOutDigit ?? "";
  const key = await speech.prompt("safe_harbour", optOutKey);
  if (key !== "" && key === optOutKey) await optOut();
}

/** `null`: none in time. */
async function findAgent(call: IvrCall, except: readonly string[], leftMs: number): Promise<FreeAgent | null> {
  const { channel, session, clock } = call;
  const { signal, release } = createDeadline(clock, leftMs, channel.gone);
  try {
    const { project, attempt } = session;
    const request = { tenantId: attempt.tenantId, pbxId: call.pbxId, project, attemptId: attempt.id, except, signal };
    return await call.requestAgent(request);
  } catch (error) {
    if (channel.gone.aborted) throw channel.gone.reason;
    if (signal.aborted) return null;
    throw error;
  } finally {
    release();
  }
}

/** `true`: they have talked. */
async function connect(
  call: IvrCall,
  agent: FreeAgent,
  { waitedSeconds, leftMs }: { waitedSeconds: number; leftMs: number },
): Promise<boolean> {
  const { channel, course } = call;
  const ringSeconds = Math.max(RING_SECONDS_MIN, Math.ceil(leftMs / 1_000));
  let answered = false;
  try {
    const result = await dialOther(channel, { channel: agent.channel, ringSeconds, waitsWith: "music" });
    course.transferWaitSeconds = Math.round(waitedSeconds + result.waitSeconds);
    answered = result.status === "ANSWER";
    if (answered) {
      course.transferTalkSeconds = result.talkSeconds;
      course.disposition = "transferred";
    } else call.failTransfer(result.status);
  } finally {
    agent.release({ answered: answered || channel.isHungUp() }); // a person who hangs up is not the phone's fault
  }
  return answered;
}
