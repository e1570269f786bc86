// A simulated PBX whose trunk leads to people, machines and dead lines, in a process of its own, for bench/dialer-simulated.ts:
// told what to do by messages, it answers with what it knows of its own calls.
import { systemClock } from "../src/kit/clock.ts";
import { createFakeCallees } from "../src/telephony/fake-pbx/fake-callees.ts";
import { startFakePbx } from "../src/telephony/fake-pbx/fake-pbx.ts";
import { ACCOUNT } from "./simulated-pbx.ts";

export type OutsideOrder =
  /** Where its dialplan sends whoever picks up. */
  | { ivr: { url: string; args: readonly string[] } }
  /** Asks for a report. */
  | "report";

export interface OutsideReport {
  /** Originates over the trunk that were taken, and the highest number of them in any one second. */
  started: number;
  startedPerSecondMax: number;
  live: number;
  liveMax: number;
  /** FastAGI sessions that were served to their end, those that failed, and commands they gave. */
  sessions: number;
  sessionsFailed: number;
  commands: number;
  events: number;
  /** Calls that ended since the report before: whose (the id of the Originate), when, and how. */
  ended: readonly { id: string; endedAtMs: number; outcome: string }[];
}

if (import.meta.main) {
  const [seed = 1, soundMs = 1_000, ringMs = 1_000] = process.argv.slice(2).map(Number);
  let ivr: { url: string; args: readonly string[] } | undefined;
  let ended: { id: string; endedAtMs: number; outcome: string }[] = [];
  const report = { started: 0, startedPerSecondMax: 0, liveMax: 0, sessions: 0, sessionsFailed: 0, commands: 0 };
  const bySecond = new Map<number, number>();
  const toCallee = createFakeCallees({ seed, ringMs: [ringMs / 2, ringMs * 1.5], unansweredMs: [ringMs, ringMs * 3] });
  const pbx = await startFakePbx({
    ...{ clock: systemClock, seed, ...ACCOUNT },
    people: { extensions: ["1001", "1002"], queueMembers: ["1001"], outside: ["600000001"], office: "900000001" },
    decide: () => ({ does: "answer", ringMs: 200, talkMs: soundMs, hangsUp: "called" }),
    outside: {
      toCallee: (number) => {
        const second = Math.floor(Date.now() / 1000);
        const count = (bySecond.get(second) ?? 0) + 1;
        bySecond.set(second, count);
        report.started++;
        report.startedPerSecondMax = Math.max(report.startedPerSecondMax, count);
        report.liveMax = Math.max(report.liveMax, pbx.exchange.calls.live.size + 1);
        return toCallee(number);
      },
      agi: () => ivr,
      soundMs,
      onSession: ({ status, commands }) => {
        report.sessions++;
        report.commands += commands.length;
        if (status === "FAILURE") report.sessionsFailed++;
      },
    },
    onEnd: ({ callUuid, outcome }) => ended.push({ id: callUuid, endedAtMs: Date.now(), outcome }),
  });
  process.on("message", (order: OutsideOrder) => {
    if (order !== "report") {
      ivr = order.ivr;
      return;
    }
    const live = pbx.exchange.calls.live.size;
    process.send?.({ ...report, live, events: pbx.events(), ended } satisfies OutsideReport);
    ended = [];
  });
  process.on("disconnect", () => process.exit()); // whoever measured is gone
  process.send?.(pbx.port);
}
