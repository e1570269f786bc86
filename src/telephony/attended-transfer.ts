import { AppError } from "../core/errors.ts";
import type { Clock } from "../kit/clock.ts";
import type { AmiMessage } from "./ami/message.ts";
import type { AskPbx } from "./ask-pbx.ts";
import type { FoundCall } from "./call-finder.ts";
import type { EventWaits } from "./event-waits.ts";
import { say } from "./words.ts";

/*
 * An agent who asks somebody before handing the customer over:
 *
 *   talking ── Atxfer ──▶ keys are read ── Hold ──▶ dialling ── BridgeLeave ──▶ asking ── CancelAtxfer, or refused ──▶ back ── Unhold ──▶ talking
 *                             └── read by nobody: refused            └── Unhold: nobody has that number
 *
 * Atxfer and CancelAtxfer press keys on the agent's channel and succeed at once, whatever comes of the keys. So what comes of them
 * is waited for. An agent who is back hears a tone (0.6 s), and Asterisk throws away keys meanwhile: the next order waits for it.
 * Keys pressed twice would hand the customer over: to who asks already, `*2` means that.
 */
export interface AttendedTransfers {
  /** Resolves once the PBX has begun. `conflict` when it does not, or an order is being carried out already. */
  begin(found: FoundCall, to: { Context: string; Exten: string }): Promise<void>;
  /** Resolves once the agent is back with the customer. `conflict` when nobody is being asked, or the PBX does not take the agent back. */
  giveUp(found: FoundCall): Promise<void>;
}

export interface AttendedTransfersOptions {
  ask: AskPbx;
  events: Pick<EventWaits, "next">;
  clock: Clock;
}

const DEAF_MS = 1_500;
/** Both together are less than an order may take. */
const BEGUN_WAIT_MS = 5_000;
/** Numbers that could go on are dialled when no more keys came for three seconds; then the phone there is looked for. */
const ASKING_WAIT_MS = 15_000;

export function createAttendedTransfers({ ask, events, clock }: AttendedTransfersOptions): AttendedTransfers {
  /** Legs of agents whose keys are on the way. */
  const busy = new Set<string>();
  const next = (leg: string, names: readonly string[], ms: number) =>
    events.next(isOf(leg, new Set([...names, "Hangup"])), ms);

  /** Presses keys, and says what came of them. */
  async function press(name: string, fields: { Channel: string } & Record<string, string>, signs: readonly string[]) {
    const sign = next(fields.Channel, signs, BEGUN_WAIT_MS);
    await ask(name, fields).catch((error: unknown) => {
      sign.drop();
      throw error;
    });
    const event = await sign.event;
    return event !== undefined && event.get("Event") !== "Hangup";
  }

  return {
    begin: async ({ call, talking, away }, to) => {
      if (away !== undefined) throw new AppError("conflict", say("agentAsks"));
      if (talking === undefined) throw new AppError("conflict", say("nobodyTransfers"));
      if (busy.has(talking)) throw new AppError("conflict", say("beingTransferred"));
      busy.add(talking);
      const asking = next(talking, ["BridgeLeave", "Unhold"], DEAF_MS + BEGUN_WAIT_MS + ASKING_WAIT_MS);
      const release = (): void => void busy.delete(talking);
      asking.event.then(release, release);
      try {
        const backAt = call.holds.findLast(({ leg }) => leg === talking)?.endedAt ?? null;
        if (backAt !== null) await clock.sleep(toDeafMs(backAt, clock.now()));
        if (await press("Atxfer", { Channel: talking, ...to }, ["Hold", "BridgeLeave"])) return;
      } catch (error) {
        asking.drop();
        throw error;
      }
      asking.drop();
      throw new AppError("conflict", NOT_BEGUN);
    },
    giveUp: async ({ away }) => {
      if (away === undefined) throw new AppError("conflict", say("nobodyAsked"));
      if (await press("CancelAtxfer", { Channel: away }, ["Unhold"])) return;
      throw new AppError("conflict", say("notTakenBack"));
    },
  };
}

const NOT_BEGUN =
  "The PBX has not begun to transfer: its dialplan may not let this agent (Dial with t or T), or atxfer is not set in features.conf.";

const isOf =
  (leg: string, names: ReadonlySet<string>) =>
  (event: AmiMessage): boolean =>
    event.get("Uniqueid") === leg && names.has(event.get("Event") ?? "");

/** Also after a clock that went back never longer than the tone. */
const toDeafMs = (backAt: Date, now: Date): number =>
  Math.min(DEAF_MS, Math.max(0, backAt.getTime() + DEAF_MS - now.getTime()));
