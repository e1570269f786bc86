import type { AgentSettings, AmdSettings, IvrSettings, RetryRules } from "../project.ts";

// How a project behaves as long as nobody said otherwise.

export const DEFAULT_RING_SECONDS = 45;

/** Says nothing yet: without an audio or a text it cannot call. */
export const DEFAULT_IVR: IvrSettings = {
  audioId: null,
  text: null,
  expectedDigit: "1",
  digitAttempts: 2,
  digitWaitMs: 10_000,
  bargeIn: false,
  optOutDigit: null,
  overflow: null,
  overflowRingSeconds: 60,
  onMachine: "hang_up",
  machineAudioId: null,
  prompts: {},
};

/** Chosen by measuring: docs/amd.md. */
export const DEFAULT_AMD: AmdSettings = {
  enabled: false,
  initialSilenceMs: 4500,
  greetingMs: 2500,
  afterGreetingSilenceMs: 1200,
  totalAnalysisMs: 6000,
  minimumWordMs: 100,
  betweenWordsMs: 100,
  maximumWords: 5,
  silenceThreshold: 600,
};

/** Somebody who was reached, asked not to be called or cannot be reached is not called again. */
export const DEFAULT_RETRY: RetryRules = {
  attemptsMax: 3,
  afterSeconds: 300,
  byDisposition: {
    busy: { afterSeconds: 300 },
    machine: { afterSeconds: 7200 },
    congestion: { afterSeconds: 30, otherTrunk: true },
    answered: null,
    transferred: null,
    opted_out: null,
    rejected: null,
    invalid_number: null,
    suppressed: null,
  },
};

export const DEFAULT_AGENTS: AgentSettings = { extensions: [], abandonedShareMax: 0.03, waitMs: 2000 };
