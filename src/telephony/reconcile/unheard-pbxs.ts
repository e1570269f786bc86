import { toErrorMessage } from "../../core/errors.ts";
import type { Clock } from "../../kit/clock.ts";
import type { Log } from "../../kit/log.ts";
import { createKeptInStep, type KeptInStepOptions } from "../kept-in-step.ts";
import type { PbxOptions } from "../pbx.ts";
import type { Reconciliation } from "./reconciliation.ts";
import type { RecordedPbx } from "./recorded-pbx.ts";

interface Watch {
  start(): void;
  stop(): Promise<void>;
}

export interface UnheardPbxsOptions extends Pick<KeptInStepOptions<RecordedPbx, Watch>, "listener" | "clock" | "log"> {
  /** Every PBX without AMI whose call records can be read. */
  loadPbxs(): Promise<readonly RecordedPbx[]>;
  exclusive: PbxOptions["exclusive"];
  compareUnheard: Reconciliation["compareUnheard"];
}

const LEASE_RETRY_MS = 2_000;

/** Compares the call records of PBXs that only post events, for as long as they are stored; one process each. */
export function createUnheardPbxs(options: UnheardPbxsOptions): { start(): Promise<void>; stop(): Promise<void> } {
  const { loadPbxs, listener, clock, log } = options;
  const open = (pbx: RecordedPbx): Watch => createWatch(options, pbx);
  const { start, stop } = createKeptInStep({ name: "unheard_pbx", load: loadPbxs, open, listener, clock, log });
  return { start, stop };
}

interface WatchOptions extends Pick<UnheardPbxsOptions, "exclusive" | "compareUnheard"> {
  clock: Clock;
  log: Log;
}

/** Its lease is that of a PBX that is listened to: whoever had it before its AMI was taken away ends first. */
function createWatch({ exclusive, compareUnheard, clock, log }: WatchOptions, pbx: RecordedPbx): Watch {
  const stopping = new AbortController();
  let running: Promise<void> | undefined;

  async function run({ signal }: AbortController): Promise<void> {
    while (!signal.aborted) {
      try {
        await exclusive(`pbx:${pbx.id}`, signal, (owned) => compareUnheard(pbx, owned));
      } catch (error) {
        if (!signal.aborted) log.warn({ pbx: pbx.name, reason: toErrorMessage(error) }, "pbx.lease_lost");
      }
      await clock.sleep(LEASE_RETRY_MS, signal).catch(() => undefined); // stopping: the loop sees the signal
    }
  }

  return {
    start: () => {
      running ??= run(stopping);
    },
    stop: async () => {
      stopping.abort(new Error("stopped"));
      await running;
    },
  };
}
