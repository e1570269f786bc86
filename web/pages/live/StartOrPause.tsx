import { Button, type ButtonProps } from "@mantine/core";
import { api, ask } from "../../api/client.ts";
import type { Schemas } from "../../api/schema.gen.ts";
import { useText } from "../../locales/text.tsx";
import { useMay } from "../../ui/current-user.ts";
import { useDecision } from "../../ui/decisions.ts";
import { showProblem } from "../../ui/notices.tsx";
import { useAction } from "../../ui/use-action.ts";

type Campaign = Pick<Schemas["Campaign"], "id" | "name" | "state">;
interface StartOrPauseProps {
  campaign: Campaign;
  look?: Pick<ButtonProps, "size" | "variant">;
}

/** Starts, pauses and goes on; nothing for a campaign that is over. */
export function StartOrPause({ campaign, look = {} }: StartOrPauseProps) {
  const may = useMay();
  const step = campaign.state === "active" ? "pause" : "start";
  if (!may(`POST /api/v1/campaigns/{id}/${step}`)) return null;
  if (campaign.state === "draft") return <FirstStart campaign={campaign} look={look} />;
  if (campaign.state !== "active" && campaign.state !== "paused") return null;
  return <Switch campaign={{ ...campaign, state: campaign.state }} look={look} />;
}

interface SwitchProps extends Required<StartOrPauseProps> {
  campaign: Campaign & { state: "active" | "paused" };
}

/** One button in one place, so that the focus stays on it when it becomes the other. */
function Switch({ campaign: { id, name, state }, look }: SwitchProps) {
  const { t } = useText();
  const params = { params: { path: { id } } };
  const { shown, decide } = useDecision<"active" | "paused">({
    name: `campaign:${id}`,
    told: state,
    run: (wanted) => ask(api.POST(`/api/v1/campaigns/{id}/${wanted === "active" ? "start" : "pause"}`, params)),
  });
  const isActive = shown === "active";
  return (
    <Button {...look} onClick={() => decide(isActive ? "paused" : "active")}>
      {t(isActive ? "dialer.pause" : "dialer.start")}
      <span className="visually-hidden"> {name}</span>
    </Button>
  );
}

/** Whether it may begin at all the server finds out now: nothing is shown before it has said so. */
function FirstStart({ campaign: { id, name }, look }: Required<StartOrPauseProps>) {
  const { t } = useText();
  const start = useAction({
    run: () => ask(api.POST("/api/v1/campaigns/{id}/start", { params: { path: { id } } })),
    onError: showProblem,
  });
  return (
    <Button {...look} loading={start.isPending} onClick={() => start.mutate()}>
      {t("dialer.start")}
      <span className="visually-hidden"> {name}</span>
    </Button>
  );
}
