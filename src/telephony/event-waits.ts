import { AppError } from "../core/errors.ts";
import type { Clock } from "../kit/clock.ts";
import type { AmiMessage } from "./ami/message.ts";
import type { AmiItem } from "./ami/stream.ts";
import { say } from "./words.ts";

/** Commands whose outcome Asterisk tells in an event. */
export interface EventWaits {
  /** Feed it the PBX's stream. */
  take(item: AmiItem): void;
  /** The next event that `isIt`; `undefined` when none came within `ms`. Ask before the action is sent. */
  next(isIt: (event: AmiMessage) => boolean, ms: number): { event: Promise<AmiMessage | undefined>; drop(): void };
}

const WAITING_MAX = 1_000;

export function createEventWaits(clock: Clock): EventWaits {
  const waiting = new Set<{ isIt(event: AmiMessage): boolean; settle(event: AmiMessage | undefined): void }>();
  return {
    take: (item) => {
      if (item.kind !== "event" || waiting.size === 0) return;
      for (const { isIt, settle } of [...waiting]) if (isIt(item.message)) settle(item.message);
    },
    next: (isIt, ms) => {
      if (waiting.size >= WAITING_MAX) throw new AppError("unavailable", say("commandsMany"), { retryAfterSeconds: 1 });
      const { promise, resolve } = Promise.withResolvers<AmiMessage | undefined>();
      const settle = (event: AmiMessage | undefined): void => {
        release();
        waiting.delete(wait);
        resolve(event);
      };
      const wait = { isIt, settle };
      const release = clock.after(ms, () => settle(undefined));
      waiting.add(wait);
      return { event: promise, drop: () => settle(undefined) };
    },
  };
}
