import "./dialer.css";
import { getRouteApi, Link } from "@tanstack/react-router";
import type { Schemas } from "../../api/schema.gen.ts";
import { useText } from "../../locales/text.tsx";
import { useMay } from "../../ui/current-user.ts";
import { ErrorNote } from "../../ui/ErrorNote.tsx";
import { Loading } from "../../ui/Loading.tsx";
import { Page } from "../../ui/Page.tsx";
import { Time } from "../../ui/Time.tsx";
import { useCampaign } from "../live/use-campaign.ts";
import { CampaignActions } from "./CampaignActions.tsx";
import { CampaignBadge } from "./CampaignBadge.tsx";
import { Contacts } from "./Contacts.tsx";
import { DryRun } from "./DryRun.tsx";
import { Funnel } from "./Funnel.tsx";
import { Imports } from "./Imports.tsx";
import { ImportWizard } from "./ImportWizard.tsx";
import { toNames, useProjects } from "./lists.ts";
import { WeekGrid } from "./WeekGrid.tsx";

const route = getRouteApi("/house/dialer/campaigns/$id");

/** One campaign: what becomes of its people, when it may call, whence they come. */
export function CampaignPage() {
  const { t } = useText();
  const { id } = route.useParams();
  const statistics = useCampaign(id);
  const campaign = statistics.data?.campaign;
  return (
    <Page
      title={campaign?.name ?? t("dialer.campaign")}
      lead={
        <Link to="/dialer/$part" params={{ part: "campaigns" }}>
          {t("dialer.allCampaigns")}
        </Link>
      }
      actions={statistics.data && <CampaignActions statistics={statistics.data} />}
    >
      {statistics.error && <ErrorNote error={statistics.error} onRetry={() => void statistics.refetch()} />}
      {statistics.isLoading && <Loading />}
      {statistics.data && <CampaignParts statistics={statistics.data} />}
    </Page>
  );
}

function CampaignParts({ statistics }: { statistics: Schemas["CampaignStatistics"] }) {
  const may = useMay();
  const { campaign } = statistics;
  const mayImport = may("POST /api/v1/campaigns/{id}/import") && ["draft", "paused"].includes(campaign.state);
  return (
    <div className="stack">
      <Standing statistics={statistics} />
      <Funnel statistics={statistics} />
      {mayImport && <ImportWizard campaignId={campaign.id} />}
      <Imports campaignId={campaign.id} />
      <DryRun campaignId={campaign.id} />
      <WeekGrid campaignId={campaign.id} />
      <Contacts campaign={campaign} />
    </div>
  );
}

function Standing({ statistics }: { statistics: Schemas["CampaignStatistics"] }) {
  const { t } = useText();
  const projects = useProjects();
  const { campaign, in_schedule, next_window_at } = statistics;
  return (
    <section className="card" aria-label={t("dialer.standing")}>
      <dl className="facts">
        <dt>{t("dialer.stateLabel")}</dt>
        <dd>
          <CampaignBadge campaign={campaign} />
        </dd>
        <dt>{t("dialer.project")}</dt>
        <dd>{toNames(projects.data?.items)(campaign.project_id)}</dd>
        <dt>{t("dialer.hours")}</dt>
        <dd>
          {in_schedule ? t("dialer.inSchedule") : t("dialer.outOfSchedule")}
          {!in_schedule && next_window_at && (
            <>
              {" "}
              {t("dialer.nextAt")}: <Time at={next_window_at} />
            </>
          )}
        </dd>
        <dt>{t("dialer.startedAt")}</dt>
        <dd>
          <Time at={campaign.started_at} />
        </dd>
        <dt>{t("dialer.endedAt")}</dt>
        <dd>
          <Time at={campaign.ended_at} />
        </dd>
      </dl>
    </section>
  );
}
