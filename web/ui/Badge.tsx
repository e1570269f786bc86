import type { ReactNode } from "react";
import type { Schemas } from "../api/schema.gen.ts";
import { useText } from "../locales/text.tsx";
import { useDecided } from "./decisions.ts";

export type Tone = "good" | "warn" | "bad" | "busy" | "still";

/** A state in a word. The word says it; the colour only helps. */
export function Badge({ tone, children }: { tone: Tone; children: ReactNode }) {
  return <span className={`badge badge-${tone}`}>{children}</span>;
}

type Outcome = Schemas["Call"]["outcome"];
const OUTCOME_TONES: Record<Outcome, Tone> = {
  ...{ answered: "good", transferred: "good", in_progress: "busy", missed: "bad", lost: "warn", failed: "bad" },
  ...{ busy: "warn", cancelled: "still", machine: "still" },
};

/** Whom nobody took has called in vain; whoever does not take a call of ours has only not answered. */
export function OutcomeBadge({ outcome, direction }: Pick<Schemas["Call"], "outcome" | "direction">) {
  const { t } = useText();
  if (outcome === "missed" && direction === "outbound") return <Badge tone="warn">{t("outcome.noAnswer")}</Badge>;
  return <Badge tone={OUTCOME_TONES[outcome]}>{t(`outcome.${outcome}`)}</Badge>;
}

/** Of calls in either direction. */
export function useOutcomeName(): (outcome: Outcome) => string {
  const { t } = useText();
  return (outcome) => (outcome === "missed" ? t("outcome.missedOrNoAnswer") : t(`outcome.${outcome}`));
}

type DeliveryState = Schemas["Delivery"]["state"];
const DELIVERY_TONES: Record<DeliveryState, Tone> = {
  ...{ pending: "busy", leased: "busy", delivered: "good", dead: "bad", expired: "still", discarded: "still" },
};

export function DeliveryBadge({ state }: { state: DeliveryState }) {
  const { t } = useText();
  return <Badge tone={DELIVERY_TONES[state]}>{t(`delivery.${state}`)}</Badge>;
}

type LaneState = Schemas["Connection"]["lane"]["state"];
const LANE_TONES: Record<LaneState, Tone> = {
  ...{ active: "good", paused: "warn", held: "bad", breaker_open: "bad", disabled: "still" },
};

/** Shows what somebody here has just decided before the server has said it. */
export function LaneBadge({ id, state: told }: { id: string; state: LaneState }) {
  const { t } = useText();
  const state = useDecided(`lane:${id}`, told);
  return <Badge tone={LANE_TONES[state]}>{t(`lane.${state}`)}</Badge>;
}
