import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { api, ask } from "../../api/client.ts";
import type { Schemas } from "../../api/schema.gen.ts";
import { type Translate, useText } from "../../locales/text.tsx";
import { OutcomeBadge } from "../../ui/Badge.tsx";
import { ErrorNote } from "../../ui/ErrorNote.tsx";
import { toClock } from "../../ui/instants.ts";
import { Loading } from "../../ui/Loading.tsx";
import { Page } from "../../ui/Page.tsx";
import { useNumberText } from "../../ui/phone-numbers.ts";
import { Time } from "../../ui/Time.tsx";
import { CallDeliveries } from "./CallDeliveries.tsx";
import { Direction } from "./CallTable.tsx";
import { HangUp } from "./HangUp.tsx";
import { Legs } from "./Legs.tsx";
import { Recording } from "./Recording.tsx";
import { Timeline } from "./Timeline.tsx";

type CallDetail = Schemas["CallDetail"];

const route = getRouteApi("/house/calls/$id");
const RUNNING_REFRESH_MS = 2_000;
const SETTLING_REFRESH_MS = 5_000;

/** One call: who, when, what became of it, its story, and every CRM it went to. */
export function CallPage() {
  const { t } = useText();
  const write = useNumberText();
  const { id } = route.useParams();
  const {
    data: call,
    error,
    refetch,
  } = useQuery({
    queryKey: ["call", id],
    queryFn: ({ signal }) => ask(api.GET("/api/v1/calls/{id}", { signal, params: { path: { id } } })),
    refetchInterval: ({ state }) => toRefreshMs(state.data),
  });
  const title = call
    ? t("call.title", { from: write(call.from ?? t("call.unknown")), to: write(call.to ?? t("call.unknown")) })
    : t("calls.title");
  return (
    <Page
      title={title}
      lead={<Link to="/calls">{t("call.back")}</Link>}
      actions={call?.outcome === "in_progress" && <HangUp call={call} />}
    >
      {error && <ErrorNote error={error} onRetry={() => void refetch()} />}
      {!call && !error && <Loading />}
      {call && (
        <div className="call-columns">
          <div className="stack">
            <section className="card">
              <h2>{t("call.facts")}</h2>
              <Facts call={call} />
            </section>
            <CallDeliveries call={call} />
          </div>
          <div className="stack">
            <Legs details={call.details} />
            <section className="card">
              <h2>{t("call.timeline")}</h2>
              <Timeline entries={call.timeline} />
            </section>
          </div>
        </div>
      )}
    </Page>
  );
}

/** Quick while somebody talks, slower while a CRM is still to be told, then never. */
function toRefreshMs(call: CallDetail | undefined): number | false {
  if (!call) return false;
  if (call.outcome === "in_progress") return RUNNING_REFRESH_MS;
  return call.deliveries.some(({ state }) => state === "pending" || state === "leased") ? SETTLING_REFRESH_MS : false;
}

/** What nobody told is left out, but for the few things that everybody looks for. */
function Facts({ call }: { call: CallDetail }) {
  const { t } = useText();
  const rows: [string, ReactNode][] = [
    [t("call.outcome"), <OutcomeBadge key="outcome" outcome={call.outcome} direction={call.direction} />],
    [t("call.direction"), <Direction key="direction" direction={call.direction} />],
    [t("call.started"), <Time key="started" at={call.started_at} seconds />],
    [t("call.answered"), <Time key="answered" at={call.answered_at} seconds />],
    [t("call.ended"), <Time key="ended" at={call.ended_at} seconds />],
    [t("call.ring"), call.ring_seconds === null ? null : toClock(call.ring_seconds)],
    [t("call.talk"), call.talk_seconds === null ? "–" : toClock(call.talk_seconds)],
    [t("call.hold"), call.hold_seconds === null ? null : toClock(call.hold_seconds)],
    [t("call.queue"), call.queue],
    [t("call.cause"), call.hangup_cause],
    [t("call.extension"), call.agent_extension ?? "–"],
    [t("call.trunk"), call.trunk],
    [t("call.pbx"), call.pbx],
    [t("call.recording"), <Recording key="recording" call={call} />],
    ...toDialerRows(call, t),
    [t("call.contact"), call.contact ? (call.contact.name ?? call.contact.id) : t("call.noContact")],
    [
      t("call.uuid"),
      <span key="uuid" className="mono">
        {call.call_uuid}
      </span>,
    ],
    [t("call.source"), t("call.sourceText", { source: call.source, revision: call.revision })],
  ];
  return (
    <dl className="facts">
      {rows
        .filter(([, value]) => value !== null)
        .map(([name, value]) => (
          <div key={name} className="fact-row">
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
    </dl>
  );
}

/** For whom the dialer made the call, and what came of it there. */
function toDialerRows({ project, campaign_id, details }: CallDetail, t: Translate): [string, ReactNode][] {
  if (!project) return [];
  const dialer = details?.dialer;
  return [
    [
      t("call.project"),
      <Link key="project" to="/calls" search={{ project: project.id }}>
        {project.name}
      </Link>,
    ],
    [
      t("call.campaign"),
      campaign_id && (
        <Link key="campaign" to="/calls" search={{ campaign: campaign_id }}>
          {t("call.campaignCalls", { id: campaign_id })}
        </Link>
      ),
    ],
    [t("call.disposition"), dialer?.disposition ? t(`dialer.disposition.${dialer.disposition}`) : null],
    [t("call.attempt"), dialer?.attempt ?? null],
    [t("call.digit"), dialer?.digit ?? null],
  ];
}
