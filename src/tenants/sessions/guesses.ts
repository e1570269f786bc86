import { AppError } from "../../core/errors.ts";
import { toCountedAddress } from "../../http/rate-limits.ts";
import type { Clock } from "../../kit/clock.ts";
import { createThrottle } from "../../kit/throttle.ts";
import { say } from "../words.ts";

/**
 * Slows down guessing of passwords: of one user from one address after five wrong ones, and of whatever users from one
 * address after thirty. Not of one user from everywhere: then anybody could lock anybody out. Counted per process.
 */
export interface Guesses {
  /** Counts an attempt; throws `rate_limited` when it comes too early. Call what it returns when the guess was right. */
  begin(username: string, address: string): () => void;
}

const QUARTER_HOUR_MS = 15 * 60_000;
const PER_USER = { freeAttempts: 5, firstMs: 1_000, maxMs: QUARTER_HOUR_MS, keysMax: 20_000 };
const PER_ADDRESS = { freeAttempts: 30, firstMs: 1_000, maxMs: QUARTER_HOUR_MS, keysMax: 20_000 };

export function createGuesses(clock: Clock): Guesses {
  const perUser = createThrottle({ clock, ...PER_USER });
  const perAddress = createThrottle({ clock, ...PER_ADDRESS });
  return {
    begin: (username, from) => {
      const address = toCountedAddress(from);
      const key = `${address} ${username}`;
      const waitMs = perUser.begin(key) || perAddress.begin(address);
      if (waitMs > 0) throw refuse(waitMs);
      return () => {
        perUser.clear(key);
        perAddress.forgive(address);
      };
    },
  };
}

function refuse(waitMs: number): AppError {
  const retryAfterSeconds = Math.ceil(waitMs / 1000);
  return new AppError("rate_limited", say("guessesMany", { seconds: retryAfterSeconds }), {
    retryAfterSeconds,
  });
}
