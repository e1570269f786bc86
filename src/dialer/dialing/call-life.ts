import type { Clock } from "../../kit/clock.ts";
import type { AttemptChange } from "../attempt.ts";
import { type CallBook, createCallBook } from "./call-book.ts";
import type { Journal } from "./journal.ts";
import { type LiveCall, toTrunkResult } from "./live-call.ts";
import { applyChange, type LegResult, settleDisposition, toDisposition } from "./outcome.ts";
import type { TrunkBreakers } from "./trunk-breakers.ts";

/** What happens to calls that live, whoever tells of it; see live-call.ts. Every step may come twice, and in any order. */
export interface CallLife extends Omit<CallBook, "remove"> {
  onAnswered(call: LiveCall, at: Date): void;
  /** How the first leg fared, as the originator says. */
  onPlaced(call: LiveCall, result: LegResult): void;
  /** Its channel is gone. */
  onHangup(call: LiveCall, hangup: { at: Date; cause: number | null }): void;
  /** The PBX is not ours any more: what has been hung up has ended; the others go on, and its next owner finds them. */
  leave(pbxId: string): void;
  /** Its channel is gone, and nobody heard how. */
  onLost(call: LiveCall, at: Date): void;
  /** The script that talks with the person has begun, or says something. */
  onScript(call: LiveCall, change: AttemptChange | "began"): void;
}

export interface CallLifeOptions {
  journal: Pick<Journal, "note">;
  breakers: TrunkBreakers;
  clock: Clock;
}

/** The script hears of a hang-up when we do; so long its last word is waited for. */
export const SCRIPT_WAIT_MS = 3_000;
/** The order of a failure and its hang-up, which has the cause, is not fixed. */
const CAUSE_WAIT_MS = 5_000;

export function createCallLife({ journal, breakers, clock }: CallLifeOptions): CallLife {
  const { remove, ...book } = createCallBook(breakers);

  /** Nothing of it will change: it is written down, told, and forgotten. */
  function close(call: LiveCall, at: Date): void {
    if (!remove(call)) return;
    const { attempt, project, trunk } = call;
    settleDisposition(attempt, { wasHeard: call.goneAt !== null, ringSeconds: project.ringSeconds, now: at });
    if (attempt.state === "dialing" && trunk) breakers.end(trunk.id, toTrunkResult(call));
    attempt.state = "ended";
    attempt.endedAt = call.goneAt ?? at;
    journal.note(call);
  }

  function wait(call: LiveCall, ms: number, work: () => void): void {
    call.cancelWait();
    call.cancelWait = clock.after(ms, work);
  }

  /** Once it is hung up and whoever could say how it was has spoken. */
  function closeWhenOver(call: LiveCall): void {
    const { goneAt, isPlacing, script } = call;
    if (goneAt === null || isPlacing) return;
    if (script === "running") wait(call, SCRIPT_WAIT_MS, () => close(call, goneAt));
    else close(call, goneAt);
  }

  function noteHeard(call: LiveCall, { hasRung, isSilent }: LegResult): void {
    if (hasRung && call.trunk) breakers.noteRinging(call.trunk.id);
    call.heard = hasRung ? "ringing" : isSilent ? "nothing" : null;
  }

  /** Nobody answered. */
  function fail(call: LiveCall, result: LegResult, at: Date): void {
    const { attempt, trunk } = call;
    const known: LegResult = { outcome: result.outcome, cause: result.cause ?? attempt.cause };
    if (known.outcome === "failed" && known.cause === null && call.goneAt === null) {
      wait(call, CAUSE_WAIT_MS, () => onHangup(call, { at, cause: null }));
      return;
    }
    const isUnreached = call.heard === "nothing" && trunk !== null && breakers.rings(trunk.id);
    const told = (isUnreached ? UNREACHED : toDisposition(known)) ?? { source: "orphan" as const };
    applyChange(attempt, { id: attempt.id, ...told, ...toCause(known.cause) });
    call.goneAt ??= at;
  }

  function onAnswered(call: LiveCall, at: Date): void {
    const { attempt, trunk } = call;
    if (attempt.state !== "dialing") return;
    if (trunk) breakers.end(trunk.id, "worked");
    attempt.state = "talking";
    attempt.answeredAt = attempt.answeredAt ?? at;
    journal.note(call);
  }

  function onHangup(call: LiveCall, { at, cause }: { at: Date; cause: number | null }): void {
    call.goneAt ??= at;
    call.release();
    applyChange(call.attempt, { id: call.attempt.id, source: "hangup", ...toCause(cause) });
    closeWhenOver(call);
  }

  return {
    ...{ ...book, onAnswered, onHangup },
    onPlaced: (call, result) => {
      call.isPlacing = false;
      noteHeard(call, result);
      if (result.outcome === "unknown") return; // it is compared with the snapshot that told so
      if (result.outcome === "answered") onAnswered(call, clock.now());
      else if (call.attempt.state === "dialing") fail(call, result, clock.now());
      closeWhenOver(call);
    },
    leave: (pbxId) => {
      for (const call of book.ofPbx(pbxId)) {
        if (call.goneAt === null) book.drop(call);
        else close(call, call.goneAt);
      }
    },
    onLost: (call, at) => {
      call.isPlacing = false;
      close(call, at);
    },
    onScript: (call, change) => {
      if (change === "began") {
        call.script = "running";
        onAnswered(call, clock.now());
        return;
      }
      applyChange(call.attempt, change);
      if (change.answeredAt !== undefined) onAnswered(call, change.answeredAt);
      if (change.disposition !== undefined || change.endedAt !== undefined) call.script = "over";
      journal.note(call);
      closeWhenOver(call);
    },
  };
}

/** Over this trunk phones are heard to ring, and this one was not: nobody's did. */
const UNREACHED = { disposition: "congestion", source: "originate" } as const;

const toCause = (cause: number | null): { cause?: number } => (cause === null ? {} : { cause });
