import { AppError } from "../core/errors.ts";
import type { TenantId } from "../core/ids.ts";
import type { Clock } from "../kit/clock.ts";
import type { Log } from "../kit/log.ts";
import type { Database } from "../kit/postgres/database.ts";
import type { Listener } from "../kit/postgres/listener.ts";
import type { Random } from "../kit/random.ts";
import { type AskedCommand, type CommandAnswer, pbxCommand } from "./pbx-command.ts";
import type { PbxFleet } from "./pbx-fleet.ts";
import { fromFailure } from "./relay-answer.ts";
import { createOrderAsker } from "./relay-asker.ts";
import { createOrderServer } from "./relay-server.ts";
import { say } from "./words.ts";

/*
 * Orders reach the one process that listens to a PBX, whichever process was asked:
 *
 *   asked ── the PBX is ours ──▶ carried out here
 *     └─ stored, and its owner woken ── taken (once, for ever) ──▶ answered ──▶ taken back by who asked
 *                └────────── deadline ──▶ taken back: nothing was done, or nobody knows
 *
 * At most once: the row is taken before anything is done, and a row that was taken back cannot be taken.
 */
export interface Relay {
  /** Throws `AppError` as `CallCommands` does, and `unavailable` when nobody listens to the PBX or answers in time. */
  ask(tenantId: TenantId, pbxId: string, asked: AskedCommand): Promise<CommandAnswer>;
  /** Carries out what others ask of the PBXs this process owns. */
  start(): void;
  stop(): Promise<void>;
  counters(): Readonly<Record<"local" | "asked" | "served" | "unanswered", number>>;
}

export interface RelayOptions {
  database: Database;
  listener: Pick<Listener, "on">;
  fleet: Pick<PbxFleet, "find" | "list">;
  clock: Clock;
  random: Random;
  log: Log;
}

export function createRelay(options: RelayOptions): Relay {
  const { fleet, log } = options;
  const counters = { local: 0, asked: 0, served: 0, unanswered: 0 };
  const asker = createOrderAsker(options);
  const server = createOrderServer(options, () => counters.served++);

  return {
    ask: async (tenantId, pbxId, asked) => {
      const pbx = fleet.find(tenantId, pbxId);
      const command = pbxCommand.parse(asked);
      if (pbx?.isOwner()) {
        counters.local++;
        return pbx.run(command);
      }
      counters.asked++;
      const answer = await asker.ask({ tenantId, pbxId, command });
      if (answer === "not_taken" || answer === "not_answered") {
        counters.unanswered++;
        log.warn({ tenantId, pbxId, kind: command.kind, answer }, "pbx.order_unanswered");
        throw toUnanswered(answer);
      }
      if ("done" in answer) return answer.done;
      throw fromFailure(answer.failed);
    },
    start: server.start,
    stop: server.stop,
    counters: () => ({ ...counters }),
  };
}

function toUnanswered(why: "not_taken" | "not_answered"): AppError {
  const message = say(why === "not_taken" ? "notListened" : "notAnswered");
  return new AppError("unavailable", message, { retryAfterSeconds: 5 });
}
