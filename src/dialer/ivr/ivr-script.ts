import type { Disposition } from "../../core/disposition.ts";
import { toErrorMessage } from "../../core/errors.ts";
import { parseRowId, type TenantId } from "../../core/ids.ts";
import { createDeadline } from "../../kit/clock.ts";
import type { Metrics } from "../../kit/metrics.ts";
import { converse } from "./conversation.ts";
import { createIvrCall, type IvrCall, type IvrFault } from "./ivr-call.ts";
import { type IvrChannel, toMishap } from "./ivr-channel.ts";
import type { IvrOptions, IvrSession } from "./ivr-session.ts";

/*
 * The FastAGI script `ivr`: what happens to a call of the dialer once somebody has picked up.
 *
 *   AGI(agi://enlace.example.test/ivr)     in the context that the dialer's calls are sent to; see deploy/asterisk/extensions-dialer.conf
 *
 * The call is found by its channel's Uniqueid, which is the attempt's id; a call made by a call file has it in the variable
 * ENLACE_ATTEMPT. It says once, at its end, how the call came out: the surest source there is, which no later hang-up changes.
 */

/** Telephony's `AgiHandler`. */
export type IvrScript = (channel: IvrChannel, pbx: { tenantId: TenantId; id: string }) => Promise<void>;

const ATTEMPT_ID = /^d[0-9a-f]{24}$/;
const LOAD_MS = 5_000;

export function createIvrScript(options: IvrOptions): IvrScript {
  const { clock, log } = options;
  const figures = createFigures(options.metrics);

  /** `undefined`: no attempt of this tenant. Nobody can be kept waiting for a database: then the call has failed. */
  async function load(attemptId: string, tenantId: TenantId): Promise<IvrSession | "unavailable" | undefined> {
    const { signal, release } = createDeadline(clock, LOAD_MS);
    try {
      const late = new Promise<never>((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
      const session = await Promise.race([options.loadSession(attemptId), late]);
      return session?.attempt.tenantId === tenantId ? session : undefined;
    } catch (error) {
      figures.faults.inc({ fault: "session_unavailable" });
      figures.sessions.inc({ outcome: "failed" });
      log.error({ attemptId, reason: toErrorMessage(error) }, "ivr.session_unavailable");
      await options.report({ id: attemptId, source: "ivr", disposition: "failed" });
      return "unavailable";
    } finally {
      release();
    }
  }

  return async (channel, pbx) => {
    const attemptId = await readAttemptId(channel);
    const pbxId = parseRowId(pbx.id);
    const session = attemptId === undefined ? undefined : await load(attemptId, pbx.tenantId);
    if (session === "unavailable") return;
    if (!session || pbxId === undefined) {
      figures.sessions.inc({ outcome: "unknown" });
      log.warn({ uniqueId: channel.uniqueId.slice(0, 40), pbx: pbx.id }, "ivr.unknown_call");
      await channel.setVariable("ENLACE_IVR", "unknown");
      return;
    }
    const count = (fault: IvrFault): void => figures.faults.inc({ fault });
    const call = createIvrCall({ ...options, count }, { channel, session, pbxId });
    await serve(call);
    figures.sessions.inc({ outcome: call.course.disposition ?? "unsaid" });
    const { disposition, digit, amd } = call.course;
    log.info({ attemptId, projectId: session.project.id, disposition, digit, amd }, "ivr.ended");
  };

  async function serve(call: IvrCall): Promise<void> {
    const { channel } = call;
    try {
      await channel.answer();
      call.tell({ answeredAt: clock.now() });
      await converse(call);
    } catch (error) {
      noteEnd(call, error);
    }
    call.tell({ ...toSaid(call), endedAt: clock.now() });
    await hangUp(channel);
    await call.settle();
  }

  /** A person who hangs up is no news: the course says what that means here. */
  function noteEnd({ channel, session, course, count }: IvrCall, error: unknown): void {
    const mishap = toMishap(error, channel);
    if (mishap === "hung_up") return;
    const about = { attemptId: session.attempt.id, projectId: session.project.id, reason: toErrorMessage(error) };
    if (mishap === "line_lost") {
      count("line_lost");
      log.warn(about, "ivr.line_lost");
      return;
    }
    const isMessage = mishap === "sound_missing";
    count(isMessage ? "message_missing" : "script");
    log.error({ ...about, ...(isMessage ? {} : { err: error }) }, isMessage ? "ivr.message_missing" : "ivr.failed");
    if (!isFirm(course.disposition)) course.disposition = "failed";
  }
}

/** A machine stays one, and who asked for no more calls has, whatever fails afterwards. */
const isFirm = (disposition: Disposition | undefined): boolean =>
  disposition !== undefined && disposition !== "answered" && disposition !== "no_input";

function toSaid({ course }: IvrCall) {
  const { disposition, digit, amd, transferWaitSeconds, transferTalkSeconds } = course;
  return {
    ...(disposition !== undefined && { disposition }),
    ...(digit !== undefined && { digit }),
    ...(amd !== undefined && { amd }),
    ...(transferWaitSeconds !== undefined && { transferWaitSeconds }),
    ...(transferTalkSeconds !== undefined && { transferTalkSeconds }),
  };
}

async function readAttemptId(channel: IvrChannel): Promise<string | undefined> {
  const id = ATTEMPT_ID.test(channel.uniqueId) ? channel.uniqueId : await channel.getVariable("ENLACE_ATTEMPT");
  return id !== undefined && ATTEMPT_ID.test(id) ? id : undefined;
}

/** The dialplan would do it too, if it is ours; a line that is gone need not be. */
async function hangUp(channel: IvrChannel): Promise<void> {
  if (channel.isHungUp() || channel.gone.aborted) return;
  try {
    await channel.hangup();
  } catch (error) {
    const mishap = toMishap(error, channel);
    if (mishap !== "hung_up" && mishap !== "line_lost") throw error; // else it went in this very moment
  }
}

function createFigures(metrics: Metrics) {
  return {
    sessions: metrics.counter("enlace_ivr_sessions_total", "Calls the IVR spoke to, by how they came out.", [
      "outcome",
    ]),
    faults: metrics.counter(
      "enlace_ivr_faults_total",
      "What went wrong in the IVR. Be alarmed by message_missing, opt_out_lost and report_lost.",
      ["fault"],
    ),
  };
}
