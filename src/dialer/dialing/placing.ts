import { AppError, toErrorMessage } from "../../core/errors.ts";
import type { TenantId } from "../../core/ids.ts";
import type { Clock } from "../../kit/clock.ts";
import type { Log } from "../../kit/log.ts";
import type { Database } from "../../kit/postgres/database.ts";
import type { Trunk } from "../trunk.ts";
import { takeBack } from "./batch.ts";
import type { CallLife } from "./call-life.ts";
import type { CampaignSource } from "./campaign-source.ts";
import type { DialingFigures } from "./figures.ts";
import type { Lane } from "./lane.ts";
import type { DialPbx, LiveCall } from "./live-call.ts";
import type { LegResult } from "./outcome.ts";
import { type DialerFact, toPlacedFact } from "./result-fact.ts";
import type { Turns } from "./turns.ts";

/** What a PBX is asked for; see telephony's `OriginateRequest`. */
export interface PlaceRequest {
  id: string;
  channel: string;
  to: { context: string; extension: string };
  callerId?: { number: string };
  timeoutMs: number;
  account: string;
  parties: { from?: string; to: string };
  variables: Readonly<Record<string, string>>;
}

/**
 * Resolves once the PBX has queued the call; `linkedId` where the channel has not the id that was asked for, because the call was
 * placed by a call file (`null`: the PBX has not said which it has). Throws `AppError`: `unavailable` means that nothing was sent, anything else that
 * the PBX refused.
 */
export type Originate = (
  pbx: DialPbx,
  request: PlaceRequest,
  signal: AbortSignal,
) => Promise<{ result: Promise<LegResult>; linkedId?: string | null }>;

/** `PJSIP/34600000001@trunk` of a trunk's template; throws `AppError("invalid_field")`. */
export type ToChannel = (template: string, values: { number: string; trunk: string; prefix: string }) => string;

export interface PlacingOptions {
  database: Database;
  campaigns: Pick<CampaignSource, "claim" | "release">;
  originate: Originate;
  /** Throws `AppError` where the template and the number do not make a channel. */
  toTrunkChannel: ReturnType<typeof createToTrunkChannel>;
  turns: Pick<Turns, "take">;
  life: CallLife;
  figures: DialingFigures;
  clock: Clock;
  log: Log;
  /** The front door; see intake/accept.ts. */
  accept(item: DialerFact & { tenant: { id: TenantId } }): Promise<unknown>;
}

export interface Placing {
  /** Has the PBX place the call once it is its turn. Never rejects. */
  place(call: LiveCall, lane: Lane): void;
  /** Resolves when every call that was not sent has been taken back; the lane's signal has aborted. */
  unsent(lane: Lane): Promise<void>;
}

/** Where the dialer's calls go once they are answered; see deploy/asterisk/extensions-dialer.conf. */
export const DIALER_PLACE = { context: "enlace-ivr", extension: "s" } as const;
/** The PBX is away or too busy: soon again. */
const AWAY_MS = 5_000;

export function createPlacing(options: PlacingOptions): Placing {
  const { turns, life, figures, clock, log } = options;
  const sending = new Map<Lane, Set<Promise<void>>>();

  async function send(call: LiveCall, lane: Lane): Promise<void> {
    const { attempt, project, trunk } = call;
    try {
      await turns.take(attempt, lane.signal);
      call.isPlacing = true;
      const { result, linkedId } = await options.originate(call.pbx, toRequest(call, options), lane.signal);
      if (linkedId) {
        life.rename(call, linkedId);
        void tellPlaced(call);
      }
      figures.started.inc({ source: attempt.source, trunk: trunk?.id ?? "" });
      void listen(call, result);
    } catch (error) {
      call.isPlacing = false;
      if (lane.signal.aborted || (error instanceof AppError && error.code === "unavailable")) await back(call);
      else {
        log.warn({ attemptId: attempt.id, project: project.id, reason: toErrorMessage(error) }, "dialer.refused");
        life.onPlaced(call, { outcome: "refused", cause: null });
      }
    }
  }

  /** A moment later than its first ring, and if the front door is away only at its end. */
  async function tellPlaced(call: LiveCall): Promise<void> {
    try {
      await options.accept({ tenant: { id: call.attempt.tenantId }, ...toPlacedFact(call, clock.now()) });
    } catch (error) {
      log.warn({ attemptId: call.attempt.id, reason: toErrorMessage(error) }, "dialer.placed_untold");
    }
  }

  async function listen(call: LiveCall, result: Promise<LegResult>): Promise<void> {
    const told = await result;
    if (life.find(call.attempt.id) === call) life.onPlaced(call, told); // else another owner looks after it
  }

  /** It was never sent. If the store is away the sweep finds it. */
  async function back(call: LiveCall): Promise<void> {
    life.drop(call);
    const { attempt } = call;
    try {
      await takeBack(options, [attempt], new Date(clock.now().getTime() + AWAY_MS));
    } catch (error) {
      log.warn({ attemptId: attempt.id, reason: toErrorMessage(error) }, "dialer.take_back_failed");
    }
  }

  return {
    place: (call, lane) => {
      life.begin(call);
      const own = sending.get(lane) ?? new Set();
      sending.set(lane, own);
      const sent = send(call, lane).finally(() => {
        own.delete(sent);
        if (own.size === 0) sending.delete(lane);
      });
      own.add(sent);
    },
    unsent: async (lane) => {
      await Promise.all(sending.get(lane) ?? []);
    },
  };
}

function toRequest(call: LiveCall, { toTrunkChannel }: PlacingOptions): PlaceRequest {
  const { attempt, project, trunk } = call;
  if (!trunk) throw new AppError("invalid_field", "the trunk is gone");
  const callerId = attempt.callerId ?? trunk.callerId;
  return {
    id: attempt.id,
    channel: toTrunkChannel(trunk, { number: attempt.number, prefix: project.prefix }),
    to: DIALER_PLACE,
    ...(callerId !== null && { callerId: { number: callerId.replace(/^\+/, "") } }),
    timeoutMs: project.ringSeconds * 1000,
    account: attempt.id,
    parties: { ...(callerId !== null && { from: callerId }), to: attempt.number },
    variables: { ENLACE_ATTEMPT: attempt.id, ENLACE_PROJECT: project.id },
  };
}

/**
 * What is rung for a number over a trunk. Carriers are told the number in full, without its plus; a template that does not place
 * the project's prefix gets it in front of the number.
 */
export function createToTrunkChannel(toChannel: ToChannel) {
  return ({ dialTemplate, name }: Trunk, { number, prefix }: { number: string; prefix: string }): string => {
    const digits = number.replace(/^\+/, "");
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the template's own placeholder
    const dialed = dialTemplate.includes("${prefix}") ? digits : `${prefix}${digits}`;
    return toChannel(dialTemplate, { number: dialed, trunk: name, prefix });
  };
}
