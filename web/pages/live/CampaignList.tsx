import { Link } from "@tanstack/react-router";
import type { Schemas } from "../../api/schema.gen.ts";
import { useText } from "../../locales/text.tsx";
import { Loading } from "../../ui/Loading.tsx";
import { CampaignBadge } from "../dialer/CampaignBadge.tsx";
import { StartOrPause } from "./StartOrPause.tsx";
import { useLive } from "./use-live.ts";

type Campaign = Schemas["LiveCampaign"];

/** The campaigns that call or pause: how far each has come, how many pick up, and whether anybody found nobody. */
export function CampaignList() {
  const { t } = useText();
  const campaigns = useLive((picture) => picture.campaigns);
  return (
    <section className="card" aria-label={t("live.campaigns")}>
      <h2>{t("live.campaigns")}</h2>
      {campaigns === null && <Loading />}
      {campaigns?.length === 0 && (
        <p className="quiet">
          {t("live.noCampaigns")}{" "}
          <Link to="/dialer/$part" params={{ part: "campaigns" }}>
            {t("live.seeCampaigns")}
          </Link>
        </p>
      )}
      <ul className="plain">
        {campaigns?.toSorted(byState).map((campaign) => (
          <CampaignRow key={campaign.id} campaign={campaign} />
        ))}
      </ul>
    </section>
  );
}

const byState = (one: Campaign, other: Campaign): number =>
  one.state === other.state ? Number(other.id) - Number(one.id) : one.state === "active" ? -1 : 1;

function CampaignRow({ campaign }: { campaign: Campaign }) {
  const { t } = useText();
  const { id, name, project, contacts } = campaign;
  const done = contacts.completed + contacts.failed + contacts.skipped;
  return (
    <li aria-label={name}>
      <div className="row spread">
        <span className="break">
          <Link to="/dialer/campaigns/$id" params={{ id }}>
            {name}
          </Link>{" "}
          <span className="small quiet">{project.name}</span>
        </span>
        <span className="row">
          <CampaignBadge campaign={campaign} />
          <StartOrPause campaign={campaign} look={{ size: "xs", variant: "default" }} />
        </span>
      </div>
      <progress
        className="bar live-bar"
        max={Math.max(1, contacts.total)}
        value={done}
        aria-label={t("live.progressOf", { name })}
      />
      <div className="small quiet number">
        {t("live.progress", { done, total: contacts.total })} ·{" "}
        {t("live.underWay", { ringing: campaign.dialing, talking: campaign.talking })}
        <Shares campaign={campaign} />
      </div>
    </li>
  );
}

function Shares({ campaign: { called, answered, abandonment } }: { campaign: Campaign }) {
  const { t, language } = useText();
  const percent = new Intl.NumberFormat(language, { style: "percent", maximumFractionDigits: 1 });
  const texts = [
    ...(called > 0 ? [t("live.answerRate", { share: percent.format(answered / called) })] : []),
    ...(abandonment && abandonment.live > 0
      ? [
          t("live.abandoned", {
            share: percent.format(abandonment.abandoned / abandonment.live),
            max: percent.format(abandonment.share_max),
          }),
        ]
      : []),
  ];
  return texts.map((text) => ` · ${text}`).join("");
}
