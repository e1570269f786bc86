import { useText } from "../../locales/text.tsx";
import { toDoing } from "./AgentList.tsx";
import { useLive } from "./use-live.ts";

/** The few figures that are read from the other end of the room. */
export function Glance() {
  const { t } = useText();
  const calls = useLive((picture) => picture.calls);
  const agents = useLive((picture) => picture.agents);
  const trunks = useLive((picture) => picture.trunks);
  const talking = calls.filter(({ state }) => state === "talking").length;
  const free = agents?.filter((agent) => toDoing(agent) === "free").length;
  const channels = trunks?.reduce((sum, trunk) => sum + trunk.calls, 0);
  const figures = [
    [t("live.glance.talking"), talking],
    [t("live.glance.ringing"), calls.length - talking],
    ...(agents ? [[t("live.glance.free"), free ?? 0] as const] : []),
    ...(trunks ? [[t("live.glance.channels"), channels ?? 0] as const] : []),
  ] as const;
  return (
    <dl className="live-glance">
      {figures.map(([name, value]) => (
        <div key={name} className="figure card">
          <dt>{name}</dt>
          <dd className="number">{value}</dd>
        </div>
      ))}
    </dl>
  );
}
