import type { Schemas } from "../../api/schema.gen.ts";
import { useText } from "../../locales/text.tsx";
import { Badge, type Tone } from "../../ui/Badge.tsx";

type State = Schemas["Campaign"]["state"];
const TONES: Record<State, Tone> = {
  ...{ draft: "still", active: "good", paused: "warn", stopped: "bad", completed: "busy" },
};

export function CampaignBadge({ state }: { state: State }) {
  const { t } = useText();
  return <Badge tone={TONES[state]}>{t(`dialer.state.${state}`)}</Badge>;
}
