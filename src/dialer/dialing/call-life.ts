import type { Clock } from "../../kit/clock.ts";
import type { AttemptChange } from "../attempt.ts";
import type { Journal } from "./journal.ts";
import { type LiveCall, toTrunkResult } from "./live-call.ts";
import { applyChange, type LegResult, toDisposition, toOrphanDisposition } from "./outcome.ts";
import type { TrunkBreakers } from "./trunk-breakers.ts";

/** What happens to calls that live, whoever tells of it; see live-call.ts. Every step may come twice, and in any order. */
export interface CallLife {
  find(attemptId: string): LiveCall | undefined;
  ofPbx(pbxId: string): LiveCall[];
  all(): LiveCall[];
  /** A call that is about to be placed, or that was found alive. */
  begin(call: LiveCall): void;
  /** It was never placed: it is nobody's call any more, and nothing is written of it. */
  drop(call: LiveCall): void;
  onAnswered(call: LiveCall, at: Date): void;
  /** How the first leg fared, as the originator says. */
  onPlaced(call: LiveCall, result: LegResult): void;
  /** Its channel is gone. */
  onHangup(call: LiveCall, hangup: { at: Date; cause: number | null }): void;
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
const SCRIPT_WAIT_MS = 3_000;
/** Q.850, temporary failure: the dialplan's word for somebody who picked up and heard nothing, because Enlace was away. */
const UNHEARD = 41;

export function createCallLife({ journal, breakers, clock }: CallLifeOptions): CallLife {
  const calls = new Map<string, LiveCall>();

  /** Nothing of it will change: it is written down, told, and forgotten. */
  function close(call: LiveCall, at: Date): void {
    call.cancelWait();
    call.release();
    if (!calls.delete(call.attempt.id)) return;
    const { attempt, project, trunk } = call;
    if (attempt.disposition === null && attempt.cause === UNHEARD)
      applyChange(attempt, { id: attempt.id, source: "hangup", disposition: "failed" });
    if (attempt.disposition === null) {
      const isKnown = attempt.answeredAt !== null && call.goneAt !== null;
      attempt.disposition = toOrphanDisposition(attempt, { ringSeconds: project.ringSeconds, now: at });
      attempt.dispositionSource = isKnown ? "hangup" : "orphan";
    }
    if (attempt.state === "dialing" && trunk) breakers.end(trunk.id, toTrunkResult(call));
    attempt.state = "ended";
    attempt.endedAt = call.goneAt ?? at;
    journal.note(call);
  }

  /** Once it is hung up and whoever could say how it was has spoken. */
  function closeWhenOver(call: LiveCall): void {
    if (call.goneAt === null || call.isPlacing) return;
    const { goneAt } = call;
    if (call.script === "running") {
      call.cancelWait();
      call.cancelWait = clock.after(SCRIPT_WAIT_MS, () => close(call, goneAt));
    } else close(call, goneAt);
  }

  const life: CallLife = {
    find: (attemptId) => calls.get(attemptId),
    all: () => [...calls.values()],
    ofPbx: (pbxId) => [...calls.values()].filter(({ pbx }) => pbx.id === pbxId),
    begin: (call) => {
      calls.set(call.attempt.id, call);
      if (call.trunk && call.attempt.state === "dialing") breakers.begin(call.trunk.id);
    },
    drop: (call) => {
      call.cancelWait();
      call.release();
      if (!calls.delete(call.attempt.id)) return;
      if (call.trunk && call.attempt.state === "dialing") breakers.end(call.trunk.id, "unknown");
    },
    onAnswered: (call, at) => {
      const { attempt, trunk } = call;
      if (attempt.state !== "dialing") return;
      if (trunk) breakers.end(trunk.id, "worked");
      attempt.state = "talking";
      attempt.answeredAt = attempt.answeredAt ?? at;
      journal.note(call);
    },
    onPlaced: (call, result) => {
      call.isPlacing = false;
      const now = clock.now();
      if (result.outcome === "answered") life.onAnswered(call, now);
      else if (result.outcome === "unknown") return life.onLost(call, now);
      else if (call.attempt.state === "dialing") {
        const told = toDisposition(result);
        applyChange(call.attempt, { id: call.attempt.id, ...(told ?? { source: "orphan" }), ...toCause(result.cause) });
        call.goneAt ??= now;
      }
      closeWhenOver(call);
    },
    onHangup: (call, { at, cause }) => {
      call.goneAt ??= at;
      call.release();
      applyChange(call.attempt, { id: call.attempt.id, source: "hangup", ...toCause(cause) });
      closeWhenOver(call);
    },
    onLost: (call, at) => {
      call.isPlacing = false;
      close(call, at);
    },
    onScript: (call, change) => {
      if (change === "began") {
        call.script = "running";
        life.onAnswered(call, clock.now());
        return;
      }
      applyChange(call.attempt, change);
      if (change.answeredAt !== undefined) life.onAnswered(call, change.answeredAt);
      if (change.disposition !== undefined || change.endedAt !== undefined) call.script = "over";
      journal.note(call);
      closeWhenOver(call);
    },
  };
  return life;
}

const toCause = (cause: number | null): { cause?: number } => (cause === null ? {} : { cause });
