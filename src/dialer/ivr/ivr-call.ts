import { toErrorMessage } from "../../core/errors.ts";
import type { RowId } from "../../core/ids.ts";
import type { Clock } from "../../kit/clock.ts";
import type { AttemptChange } from "../attempt.ts";
import type { IvrChannel } from "./ivr-channel.ts";
import type { AgentRequest, Course, FreeAgent, IvrOptions, IvrSession } from "./ivr-session.ts";
import type { Speech } from "./speech.ts";
import { createSpeech } from "./speech.ts";

/** What goes wrong without ending a call, or ends it; each is a figure to be watched. */
export type IvrFault =
  | "message_missing"
  | "prompt_missing"
  | "amd_missing"
  | "transfer_failed"
  | "line_lost"
  | "opt_out_lost"
  | "report_lost"
  | "script";

/** One call with everything that its steps need. */
export interface IvrCall {
  channel: IvrChannel;
  session: IvrSession;
  pbxId: RowId;
  course: Course;
  speech: Speech;
  clock: Clock;
  count(fault: IvrFault): void;
  /** Tells at once what has become known; what comes of it is waited for by `settle`. */
  tell(change: Omit<AttemptChange, "id" | "source">): void;
  /** The person wants no more calls: tried until it is kept, while the call goes on. */
  suppress(): void;
  /** `undefined`: there is none, and it was counted. */
  toOverflowChannel(): Promise<string | undefined>;
  requestAgent(request: AgentRequest): Promise<FreeAgent | null>;
  failTransfer(status: string): void;
  /** Resolves when all that was told and suppressed is kept, or was tried long enough. */
  settle(): Promise<void>;
}

const TRIES_MAX = 5;
const RETRY_MS = 1_000;

export function createIvrCall(
  options: IvrOptions & { count(fault: IvrFault): void },
  of: { channel: IvrChannel; session: IvrSession; pbxId: RowId },
): IvrCall {
  const { clock, log, count } = options;
  const { channel, session, pbxId } = of;
  const { attempt, project } = session;
  const id = attempt.id;
  const promised: Promise<void>[] = [];
  const countMissing = (): void => count("prompt_missing");

  /** The database may be away for a moment; what a person said is not to be lost for that. */
  async function insist(work: () => unknown, fault: IvrFault): Promise<void> {
    for (let tries = 1; ; tries++) {
      try {
        await work();
        return;
      } catch (error) {
        const reason = toErrorMessage(error);
        log.warn({ attemptId: id, fault, tries, reason }, "ivr.not_kept");
        if (tries === TRIES_MAX) {
          count(fault);
          log.error({ attemptId: id, fault, reason }, "ivr.lost");
          return;
        }
        await clock.sleep(RETRY_MS * tries);
      }
    }
  }

  return {
    ...{ channel, session, pbxId, clock, count },
    course: { disposition: undefined },
    speech: createSpeech({ ...options, channel, session, pbxId, countMissing }),
    tell: (change) => void promised.push(insist(() => options.report({ ...change, id, source: "ivr" }), "report_lost")),
    suppress: () => {
      const { tenantId, number, campaignId } = attempt;
      const optOut = { tenantId, number, campaignId, projectId: project.id, attemptId: id };
      promised.push(insist(() => options.suppress(optOut), "opt_out_lost"));
    },
    toOverflowChannel: async () => {
      try {
        return await options.toOverflowChannel(session);
      } catch (error) {
        count("transfer_failed");
        log.error({ attemptId: id, projectId: project.id, reason: toErrorMessage(error) }, "ivr.no_overflow");
        return undefined;
      }
    },
    requestAgent: async (request) => (await options.requestAgent?.(request)) ?? null,
    failTransfer: (status) => {
      count("transfer_failed");
      log.info({ attemptId: id, projectId: project.id, status }, "ivr.transfer_failed");
    },
    settle: async () => void (await Promise.all(promised)),
  };
}
