import { Link } from "@tanstack/react-router";
import type { Schemas } from "../../api/schema.gen.ts";
import { useText } from "../../locales/text.tsx";
import { Badge, type Tone } from "../../ui/Badge.tsx";
import { useMay } from "../../ui/current-user.ts";
import { Loading } from "../../ui/Loading.tsx";
import { useLive } from "./use-live.ts";

type Trunk = Schemas["LiveTrunk"];
const TONES: Record<NonNullable<Trunk["breaker"]>, Tone> = { closed: "good", half_open: "warn", open: "bad" };

/** The lines to carriers: how many calls are on each and how many fit, how fast the dialer may start more. */
export function TrunkList() {
  const { t } = useText();
  const may = useMay();
  const trunks = useLive((picture) => picture.trunks);
  return (
    <section className="card" aria-label={t("live.trunks")}>
      <h2>{t("live.trunks")}</h2>
      {trunks === null && <Loading />}
      {trunks?.length === 0 && (
        <p className="quiet">
          {t("live.noTrunks")}{" "}
          {may("POST /api/v1/trunks") && (
            <Link to="/dialer/$part" params={{ part: "trunks" }}>
              {t("live.addTrunks")}
            </Link>
          )}
        </p>
      )}
      <ul className="plain">
        {trunks?.map((trunk) => (
          <TrunkRow key={trunk.key} trunk={trunk} />
        ))}
      </ul>
    </section>
  );
}

function TrunkRow({ trunk }: { trunk: Trunk }) {
  const { t } = useText();
  const { name, pbx, enabled, calls, channels_max, per_second, per_second_max, breaker } = trunk;
  const channels =
    channels_max === null ? t("live.count", { count: calls }) : t("live.channels", { calls, max: channels_max });
  return (
    <li aria-label={name}>
      <div className="row spread">
        <span className="break">
          {name} <span className="small quiet">{pbx}</span>
        </span>
        <span className="row">
          {!enabled && <Badge tone="still">{t("dialer.disabled")}</Badge>}
          {breaker && <Badge tone={TONES[breaker]}>{t(`live.breaker.${breaker}`)}</Badge>}
        </span>
      </div>
      {channels_max !== null && (
        <progress
          className="bar live-bar"
          max={channels_max}
          value={Math.min(calls, channels_max)}
          aria-label={t("live.channelsOf", { name })}
        />
      )}
      <div className="small quiet number">
        {channels}
        {(per_second > 0 || per_second_max !== null) &&
          ` · ${per_second_max === null ? t("live.pace", { now: per_second }) : t("live.paceOf", { now: per_second, max: per_second_max })}`}
      </div>
    </li>
  );
}
