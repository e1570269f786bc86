import { handToAgent } from "./agent-handover.ts";
import type { Detection } from "./amd.ts";
import { detectMachine } from "./amd.ts";
import type { IvrCall } from "./ivr-call.ts";
import { toMishap } from "./ivr-channel.ts";
import { dialOther } from "./transfer.ts";

/*
 * One call, from the moment it was picked up:
 *
 *   listening (AMD) ── MACHINE ──▶ hang up, or wait for the beep and leave the message
 *     └─ HUMAN, NOTSURE, nothing ──▶ notice ──▶ message ── no key is asked for ──▶ end
 *                                                 ├─ a key, or a wait for one ─┬─ the expected one ──▶ transfer ──▶ end
 *                                                 │                            ├─ another, or none ──▶ "invalid", once more … end
 *                                                 └────── opt-out key, any time ┴──▶ suppressed, said so, end
 *
 * `course.disposition` always holds how the call came out if the person hung up in this very moment, so a hang-up needs no branch
 * of its own: it throws, and the course is what is reported.
 */

/** Silence that follows the beep of a machine; pauses within a greeting are shorter. */
const MACHINE_SILENCE_MS = 2_000;
const MACHINE_WAIT_SECONDS = 45;
const ALL_KEYS = "0123456789*#";

/** Resolves when there is nothing left to say. Rejects when the person hung up or the message could not be played. */
export async function converse(call: IvrCall): Promise<void> {
  const { channel, session, course, speech } = call;
  const { project } = session;
  course.disposition = "answered";
  const detection = project.amd.enabled ? await listen(call) : undefined;
  if (detection) course.amd = { status: detection.status, cause: detection.cause };
  if (detection?.status === "MACHINE") return await talkToMachine(call);
  if (detection?.status === "HANGUP" || channel.isHungUp()) return;
  const optOutKey = project.ivr.optOutDigit ?? "";
  let key = "";
  if (session.needsNotice || project.ivr.prompts.notice !== undefined) key = await speech.prompt("notice", optOutKey);
  if (key !== "" && key === optOutKey) return await optOut(call);
  if (project.mode === "agents") return await handToAgent(call, () => optOut(call));
  await talk(call);
}

/** A person is not let down because detection is missing: then everybody is one. */
async function listen(call: IvrCall): Promise<Detection> {
  try {
    return await detectMachine(call.channel, call.session.project.amd);
  } catch (error) {
    if (toMishap(error, call.channel) !== "application_missing") throw error;
    call.count("amd_missing");
    return { status: "", cause: "" };
  }
}

async function talkToMachine({ channel, session, course, speech }: IvrCall): Promise<void> {
  course.disposition = "machine";
  if (session.project.ivr.onMachine !== "leave_message" || channel.isHungUp()) return;
  await channel.exec(
    "WaitForSilence",
    `${MACHINE_SILENCE_MS},1,${MACHINE_WAIT_SECONDS}`,
    (MACHINE_WAIT_SECONDS + 15) * 1_000,
  );
  await speech.machineMessage();
}

async function talk(call: IvrCall): Promise<void> {
  const { channel, session, course, speech } = call;
  const { expectedDigit, optOutDigit, bargeIn, digitAttempts, digitWaitMs } = session.project.ivr;
  const listened = bargeIn && expectedDigit !== null ? ALL_KEYS : (optOutDigit ?? "");
  let key = await speech.message(listened);
  if (key !== "" && key === optOutDigit) return await optOut(call);
  if (expectedDigit === null) return;
  course.disposition = "no_input";
  for (let attempt = 1; ; attempt++) {
    if (key === "") key = await channel.waitForDigit(digitWaitMs);
    if (key !== "" && key === optOutDigit) return await optOut(call);
    if (key !== "") course.digit = key;
    if (key === expectedDigit) return await transfer(call);
    if (attempt >= digitAttempts) return;
    key = await speech.prompt("invalid_key", listened);
  }
}

async function optOut(call: IvrCall): Promise<void> {
  const { session, course, speech } = call;
  const key = session.project.ivr.optOutDigit;
  if (course.disposition !== "abandoned") course.disposition = "opted_out";
  if (key !== null) course.digit = key;
  call.suppress();
  await speech.prompt("opted_out");
}

/** Who gives up while the other side rings was answered, and nobody failed him; a number that does not answer is our failure. */
async function transfer(call: IvrCall): Promise<void> {
  const { channel, session, course, speech } = call;
  const { project, attempt } = session;
  course.disposition = "answered";
  if (project.ivr.overflow === null) return;
  call.tell({ digit: project.ivr.expectedDigit ?? "" }); // known even if this process dies while they talk
  await speech.prompt("one_moment");
  const target = await call.toOverflowChannel();
  if (target !== undefined) {
    const callerId = project.ivr.overflow.kind === "number" ? (attempt.callerId ?? project.callerId) : null;
    course.disposition = undefined; // should the line to Asterisk be lost in between, its events say more
    const { status, waitSeconds, talkSeconds } = await dialOther(channel, {
      ...{ channel: target, ringSeconds: project.ivr.overflowRingSeconds, waitsWith: "ringing" },
      ...(callerId !== null && { callerId }),
    });
    course.transferWaitSeconds = waitSeconds;
    course.transferTalkSeconds = talkSeconds;
    course.disposition = status === "ANSWER" ? "transferred" : status === "CANCEL" ? "answered" : "failed";
    if (course.disposition !== "failed") return;
    call.failTransfer(status);
  }
  course.disposition = "failed";
  await speech.prompt("transfer_failed");
}
