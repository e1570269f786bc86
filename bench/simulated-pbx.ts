// A busy simulated PBX in a process of its own, for bench/telephony.ts: told what to do by messages, it answers with what
// it knows of its own calls.
import { systemClock } from "../src/kit/clock.ts";
import type { ExpectedCall } from "../src/telephony/fake-pbx/fake-call.ts";
import { startFakePbx } from "../src/telephony/fake-pbx/fake-pbx.ts";

export const ACCOUNT = { username: "enlace", secret: "a secret of the benchmark" };

export interface PbxReport {
  events: number;
  live: number;
  /** Calls that ended since the report before, in the PBX's own words. */
  ended: readonly ExpectedCall[];
}

const EXTENSIONS = Array.from({ length: 1_000 }, (_, index) => String(1_000 + index));
const OUTSIDE = Array.from({ length: 5_000 }, (_, index) => String(600_000_000 + index));

if (import.meta.main) {
  const [concurrentMax = 0, callsPerSecond = 0] = process.argv.slice(2).map(Number);
  let ended: ExpectedCall[] = [];
  const pbx = await startFakePbx({
    ...{ clock: systemClock, seed: 1, ...ACCOUNT, callsPerSecond, concurrentMax },
    people: { extensions: EXTENSIONS, queueMembers: EXTENSIONS.slice(0, 3), outside: OUTSIDE, office: "900000001" },
    pace: { ringMs: [1_000, 3_000], talkMs: [5_000, 12_000] },
    onEnd: (call) => ended.push(call),
  });
  process.on("message", (order) => {
    if (order === "start") pbx.startTraffic();
    else if (order === "stop") pbx.stopTraffic();
    else {
      const report: PbxReport = { events: pbx.events(), live: pbx.exchange.calls.live.size, ended };
      ended = [];
      process.send?.(report);
    }
  });
  process.send?.(pbx.port);
}
