import type { Schemas } from "../api/schema.gen.ts";
import { useText } from "../locales/text.tsx";
import { Said } from "./Said.tsx";

type Connection = Pick<Schemas["Connection"], "lane" | "problem" | "problem_code" | "problem_values">;

export const isExplained = ({ problem, lane }: Pick<Connection, "lane" | "problem">): boolean =>
  (problem ?? lane.reason) !== null;

/** Why a connection delivers nothing now: its settings, what its system said, or who paused it. */
export function LaneReason({ connection }: { connection: Connection }) {
  const { t } = useText();
  const { lane, problem, problem_code, problem_values } = connection;
  if (problem !== null) return <Said text={problem} code={problem_code} values={problem_values} />;
  if (lane.reason === null) return null;
  if (lane.state === "paused") return <>{t("lanes.pausedBy", { name: lane.reason })}</>;
  return <Said text={lane.reason} code={lane.reason_code} values={lane.reason_values} />;
}
