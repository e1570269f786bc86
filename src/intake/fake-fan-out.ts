import type { CallChange, NewCall } from "../core/call-change.ts";
import type { FanOut } from "./accept-batch.ts";

export interface FakeFanOutOptions {
  /** Called with what is planned, inside the transaction or before the statement; what it throws fails the batch. */
  onPlan?: (calls: readonly (CallChange | NewCall)[]) => void;
  /** Runs inside the statement that makes calls. */
  announced?: string;
}

/** A way out that plans nothing and remembers what it was told. */
export function createFakeFanOut({ onPlan = () => undefined, announced = "select ''" }: FakeFanOutOptions = {}) {
  const news: NewCall[] = [];
  const changes: CallChange[] = [];
  const fanOut: FanOut = {
    planChanged: async (_client, batch) => {
      onPlan(batch);
      changes.push(...batch);
    },
    withNew: {
      parameters: 0,
      toSql: () => `announced(payload) as (${announced})`,
      toValues: async (_on, batch) => {
        onPlan(batch);
        news.push(...batch);
        return [];
      },
    },
  };
  return { fanOuts: [fanOut], news, changes };
}
