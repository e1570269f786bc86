import { Link } from "@tanstack/react-router";
import { memo } from "react";
import type { Schemas } from "../../api/schema.gen.ts";
import { useText } from "../../locales/text.tsx";
import { Badge, type Tone } from "../../ui/Badge.tsx";
import { useMay } from "../../ui/current-user.ts";
import { Loading } from "../../ui/Loading.tsx";
import { Phone } from "../../ui/Phone.tsx";
import { Since } from "./Since.tsx";
import { useLive } from "./use-live.ts";

type Agent = Schemas["LiveAgent"];
/** What somebody at a desk is doing: a free phone whose owner does not want to be rung is paused. */
type Doing = Agent["state"] | "paused";

const TONES: Record<Doing, Tone> = {
  ...{
    talking: "good",
    ringing: "busy",
    dialing: "busy",
    free: "still",
    paused: "warn",
    offline: "bad",
    unknown: "still",
  },
};
/** Those first about whom there is something to see. */
const ORDER: readonly Doing[] = ["talking", "ringing", "dialing", "free", "paused", "offline", "unknown"];
/** More than a wall holds: the others are counted. */
const SHOWN_MAX = 200;

export const toDoing = ({ state, paused }: Agent): Doing => (state === "free" && paused ? "paused" : state);

/** Who is at the phones: free, ringing, talking to whom since when, away; and whose turn it is in campaigns. */
export function AgentList() {
  const { t } = useText();
  const agents = useLive((picture) => picture.agents);
  const sorted = (agents ?? []).toSorted(byDoing);
  return (
    <section className="card live-agents" aria-label={t("live.agents")}>
      <div className="row spread">
        <h2>{t("live.agents")}</h2>
        {sorted.length > 0 && <span className="small quiet number">{toSummary(sorted, t)}</span>}
      </div>
      {agents === null && <Loading />}
      {agents?.length === 0 && <NoAgents />}
      {sorted.length > 0 && (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: WCAG 2.1.1 wants scrolled regions to be reachable
        <ul className="plain live-scroll" tabIndex={0} aria-label={t("live.agents")}>
          {sorted.slice(0, SHOWN_MAX).map((agent) => (
            <AgentRow key={agent.extension} agent={agent} />
          ))}
          {sorted.length > SHOWN_MAX && (
            <li className="small quiet">{t("live.others", { count: sorted.length - SHOWN_MAX })}</li>
          )}
        </ul>
      )}
    </section>
  );
}

const byDoing = (one: Agent, other: Agent): number =>
  ORDER.indexOf(toDoing(one)) - ORDER.indexOf(toDoing(other)) || (one.extension < other.extension ? -1 : 1);

function toSummary(agents: readonly Agent[], t: ReturnType<typeof useText>["t"]): string {
  const count = (doing: Doing): number => agents.filter((agent) => toDoing(agent) === doing).length;
  return (
    [
      ["live.talkingCount", "talking"],
      ["live.freeCount", "free"],
    ] as const
  )
    .map(([key, doing]) => t(key, { count: count(doing) }))
    .join(" · ");
}

const AgentRow = memo(function AgentRow({ agent }: { agent: Agent }) {
  const { t } = useText();
  const { extension, name, since, call_id, campaigns } = agent;
  const doing = toDoing(agent);
  const isBusy = doing === "talking" || doing === "ringing" || doing === "dialing";
  return (
    <li>
      <div className="row spread">
        <span className="break">
          <span className="number">{extension}</span> {name}
        </span>
        <span className="row">
          {since !== null && doing !== "unknown" && (
            <span className="small quiet">
              <Since at={since} />
            </span>
          )}
          <Badge tone={TONES[doing]}>{t(`live.agent.${doing}`)}</Badge>
        </span>
      </div>
      {isBusy && agent.with !== null && (
        <div className="small quiet number">
          {call_id === null ? (
            <Phone number={agent.with} />
          ) : (
            <Link to="/calls/$id" params={{ id: call_id }} preload={false}>
              <Phone number={agent.with} />
            </Link>
          )}
        </div>
      )}
      {doing === "paused" && agent.pause_reason && <div className="small quiet break">{agent.pause_reason}</div>}
      {campaigns && <Readiness campaigns={campaigns} />}
    </li>
  );
});

function Readiness({ campaigns: { ready, rests_until, projects } }: { campaigns: NonNullable<Agent["campaigns"]> }) {
  const { t } = useText();
  const state = rests_until ? "resting" : ready === null ? "unknown" : ready ? "ready" : "notReady";
  return (
    <div className="small quiet break">
      {t(`live.campaign.${state}`)}: {projects.map(({ name }) => name).join(", ")}
    </div>
  );
}

function NoAgents() {
  const { t } = useText();
  const may = useMay();
  return (
    <p className="quiet">
      {t("live.noAgents")}{" "}
      {may("PUT /api/v1/extensions/{number}") && (
        <Link to="/admin/$part" params={{ part: "extensions" }}>
          {t("live.addAgents")}
        </Link>
      )}
    </p>
  );
}
