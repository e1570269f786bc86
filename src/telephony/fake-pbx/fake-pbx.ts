// A simulated PBX: real AMI bytes, FastAGI calls, seeded, and for each call what it must come out as. The other side of the
// wire for load, the demo and tests; what it says is held against recordings of Asterisk 16 in fake-pbx.test.ts.
import type { Clock } from "../../kit/clock.ts";
import { carryOut } from "./fake-actions.ts";
import type { ExpectedCall, FakeBehaviour } from "./fake-call.ts";
import { createFakeCalls, type FakeCalls } from "./fake-calls.ts";
import { between, createFakeChance } from "./fake-chance.ts";
import { type FakeManager, startFakeManager } from "./fake-manager.ts";
import type { FakeOutside } from "./fake-outcall.ts";
import { createFakeSwitch, type FakeSwitch } from "./fake-switch.ts";
import {
  createFakeOrders,
  type FakeMix,
  type FakeOrdersOptions,
  type FakePace,
  type FakePeople,
  startFakeTraffic,
  USUAL_MIX,
  USUAL_PACE,
} from "./fake-traffic.ts";
import type { FakeFields } from "./fake-wire.ts";

export interface FakeExchangeOptions {
  clock: Clock;
  /** The same seed makes the same calls. */
  seed: number;
  people: FakePeople;
  pace?: FakePace;
  mix?: FakeMix;
  /** What phones dial before an outside number; default: nothing. */
  outsidePrefix?: string;
  agi?: FakeOrdersOptions["agi"];
  /** How somebody behaves whom an Originate, Redirect or transfer calls; by default mostly answers. */
  decide?(who: string): FakeBehaviour;
  /** Whom a dialer calls over a trunk; absent: nobody is there. */
  outside?: FakeOutside;
  emit(fields: FakeFields, eventClass: string): void;
  onEnd?(expected: ExpectedCall): void;
}

export interface FakeExchange {
  sw: FakeSwitch;
  calls: FakeCalls;
  /** Begins the next call that the seed makes up. */
  begin(): void;
}

/** The PBX without a wire: what happens in it, as events handed to `emit`. */
export function createFakeExchange(options: FakeExchangeOptions): FakeExchange {
  const { clock, people, emit, pace = USUAL_PACE, mix = USUAL_MIX, agi } = options;
  const random = createFakeChance(options.seed);
  const queue = { name: "support", members: people.queueMembers };
  const sw = createFakeSwitch({ clock, random: createFakeChance(options.seed + 1), queue, emit });
  const isExtension = (text: string): boolean => people.extensions.includes(text);
  const decide = (): FakeBehaviour => ({
    does: random.fraction() < 0.8 ? "answer" : "ring",
    ringMs: between(random, pace.ringMs),
    talkMs: between(random, pace.talkMs),
    hangsUp: random.fraction() < 0.5 ? "caller" : "called",
  });
  const calls = createFakeCalls({
    ...{ sw, isExtension, queueName: queue.name, outsidePrefix: options.outsidePrefix ?? "" },
    decide: options.decide ?? decide,
    ...(options.outside && { outside: options.outside }),
    onEnd: options.onEnd ?? (() => undefined),
  });
  const nextOrder = createFakeOrders({ random, people, pace, mix, ...(agi && { agi }) });
  return { sw, calls, begin: () => void calls.begin(nextOrder()) };
}

export interface FakePbxOptions extends Omit<FakeExchangeOptions, "emit"> {
  username: string;
  secret: string;
  /** Default: a free one, on 127.0.0.1. */
  port?: number;
  /** Calls that begin in a second; absent: none by themselves. */
  callsPerSecond?: number;
  /** Default 10,000. */
  concurrentMax?: number;
}

export interface FakePbx extends Pick<FakeManager, "port" | "sessions" | "cut"> {
  exchange: FakeExchange;
  /** Events said so far, whether or not anybody heard them. */
  events(): number;
  /** Calls begin from now on. */
  startTraffic(): void;
  /** No more calls begin; those under way go on to their end. */
  stopTraffic(): void;
  stop(): Promise<void>;
}

/** Starts the manager port. Calls begin with `startTraffic`. */
export async function startFakePbx(options: FakePbxOptions): Promise<FakePbx> {
  const { people, clock, seed, callsPerSecond = 0, concurrentMax = 10_000 } = options;
  let events = 0;
  let stopTraffic = (): void => undefined;
  const exchange = createFakeExchange({
    ...options,
    emit: (fields, eventClass) => {
      events++;
      manager.broadcast(fields, eventClass);
    },
  });
  const { sw, calls } = exchange;
  const queue = { name: "support", members: people.queueMembers };
  const isExtension = (text: string): boolean => people.extensions.includes(text);
  const manager: FakeManager = await startFakeManager({
    ...options,
    random: createFakeChance(seed + 2),
    onAction: (action) => carryOut(action, { sw, calls, queue, isExtension }),
  });
  return {
    ...{ exchange, port: manager.port, sessions: manager.sessions, cut: manager.cut },
    events: () => events,
    startTraffic: () => {
      if (callsPerSecond <= 0) return;
      const random = createFakeChance(seed + 3);
      stopTraffic = startFakeTraffic({
        ...{ clock, random, callsPerSecond, concurrentMax, begin: exchange.begin },
        concurrent: () => calls.live.size,
      });
    },
    stopTraffic: () => stopTraffic(),
    stop: async () => {
      stopTraffic();
      await manager.stop();
    },
  };
}
