import { z } from "zod";
import type {
  CallSignal,
  CallSubject,
  CheckReport,
  Connector,
  PlannedDelivery,
  Run,
  Session,
} from "../connectors/connector.ts";
import type { DeliveryOutcome } from "../core/delivery-outcome.ts";

/** One delivery as it reached the other side. */
export interface Arrival {
  kind: "record" | "signal";
  connection: string;
  subject: CallSubject | CallSignal;
}
export type Answer = (arrival: Arrival, run: Run) => DeliveryOutcome | Promise<DeliveryOutcome>;

/** A connector whose other side is this object: what arrives is written down, what it answers is what the test says. */
export interface FakeConnector extends Connector<FakeSettings> {
  arrivals: Arrival[];
  /** Greatest number of deliveries in flight at once, by connection. */
  mostAtOnce: Map<string, number>;
  answer: Answer;
  report: CheckReport;
  checks: number;
  opened: number;
  closed: number;
}

const fakeSettings = z.object({
  /** Which connection it is, in `arrivals`. */
  name: z.string(),
  key: z.string().meta({ secret: true }).optional(),
  signals: z.boolean().default(false),
});
export type FakeSettings = z.infer<typeof fakeSettings>;

export const delivered = (id = "r1"): DeliveryOutcome => ({ kind: "delivered", remote: { id } });

export function createFakeConnector(answer: Answer = () => delivered()): FakeConnector {
  const fake: FakeConnector = {
    id: "fake",
    title: "Fake",
    settings: fakeSettings,
    capabilities: ["record", "signal"],
    pace: { concurrency: 4, perSecond: null },
    arrivals: [],
    mostAtOnce: new Map(),
    answer,
    report: { ok: true, findings: [] },
    checks: 0,
    opened: 0,
    closed: 0,
    plan: (call, settings): PlannedDelivery[] => [
      ...(settings.signals ? [{ kind: "signal", name: call.phase, expiresAfterMs: 30_000 } as const] : []),
      { kind: "record" },
    ],
    open: ({ settings }) => openSession(fake, settings.name),
  };
  return fake;
}

function openSession(fake: FakeConnector, connection: string): Session {
  let inFlight = 0;
  fake.opened++;
  const take = async (arrival: Arrival, run: Run): Promise<DeliveryOutcome> => {
    inFlight++;
    fake.mostAtOnce.set(connection, Math.max(inFlight, fake.mostAtOnce.get(connection) ?? 0));
    fake.arrivals.push(arrival);
    try {
      return await fake.answer(arrival, run);
    } finally {
      inFlight--;
    }
  };
  return {
    record: (subject, run) => take({ kind: "record", connection, subject }, run),
    signal: (subject, run) => take({ kind: "signal", connection, subject }, run),
    check: async () => {
      fake.checks++;
      return fake.report;
    },
    close: async () => {
      fake.closed++;
    },
  };
}
