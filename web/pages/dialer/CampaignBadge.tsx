import type { Schemas } from "../../api/schema.gen.ts";
import { useText } from "../../locales/text.tsx";
import { Badge, type Tone } from "../../ui/Badge.tsx";
import { useDecided } from "../../ui/decisions.ts";

type State = Schemas["Campaign"]["state"];
const TONES: Record<State, Tone> = {
  ...{ draft: "still", active: "good", paused: "warn", stopped: "bad", completed: "busy" },
};

/** Shows what somebody here has just decided before the server has said it. */
export function CampaignBadge({ campaign: { id, state: told } }: { campaign: { id: string; state: State } }) {
  const { t } = useText();
  const state = useDecided(`campaign:${id}`, told);
  return <Badge tone={TONES[state]}>{t(`dialer.state.${state}`)}</Badge>;
}
