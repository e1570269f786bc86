import "./live.css";
import { Button } from "@mantine/core";
import { useRef } from "react";
import { useText } from "../../locales/text.tsx";
import { useMay } from "../../ui/current-user.ts";
import { Page } from "../../ui/Page.tsx";
import { Activity } from "./Activity.tsx";
import { AgentList } from "./AgentList.tsx";
import { CallPath } from "./CallPath.tsx";
import { CallsNow } from "./CallsNow.tsx";
import { CampaignList } from "./CampaignList.tsx";
import { FirstSteps } from "./FirstSteps.tsx";
import { Glance } from "./Glance.tsx";
import { LaneList } from "./LaneList.tsx";
import { PbxList } from "./PbxList.tsx";
import { TrunkList } from "./TrunkList.tsx";
import { useLive } from "./use-live.ts";

/** What happens now: calls, the people at the phones, trunks, campaigns, and how the ways out and the PBXs stand. */
export function Live() {
  const { t } = useText();
  const may = useMay();
  const mode = useLive((picture) => picture.mode);
  const wall = useRef<HTMLDivElement>(null);
  return (
    <Page
      title={t("live.title")}
      lead={t(mode === "polling" ? "live.leadPolling" : "live.lead")}
      actions={
        <Button variant="default" onClick={() => void wall.current?.requestFullscreen()}>
          {t("live.wall")}
        </Button>
      }
    >
      <FirstSteps />
      <div className="wall" ref={wall}>
        <CallPath />
        <Glance />
        <Activity />
        <div className="live-grid">
          <div className="stack">
            <CallsNow />
            {may("GET /api/v1/campaigns") && <CampaignList />}
          </div>
          <div className="stack">
            <AgentList />
            {may("GET /api/v1/trunks") && <TrunkList />}
            {may("GET /api/v1/connections") && <LaneList />}
            {may("GET /api/v1/pbxs") && <PbxList />}
          </div>
        </div>
      </div>
    </Page>
  );
}
