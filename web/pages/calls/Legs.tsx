import type { Schemas } from "../../api/schema.gen.ts";
import { type Translate, useText } from "../../locales/text.tsx";
import { toClock } from "../../ui/instants.ts";
import { useNumberText } from "../../ui/phone-numbers.ts";
import { Time } from "../../ui/Time.tsx";

type Details = Schemas["CallDetail"]["details"];

interface Leg {
  at: string;
  text: string;
  seconds: number | null;
}

/** Whose phones rang, who talked, waited, held and transferred: as far as the PBX itself told. */
export function Legs({ details }: { details: Details }) {
  const { t } = useText();
  const legs = useLegs(details);
  if (legs.length === 0) return null;
  return (
    <section className="card">
      <h2>{t("legs.title")}</h2>
      <ol className="plain legs">
        {legs.map(({ at, text, seconds }) => (
          <li key={`${at} ${text}`} className="row spread">
            <span className="row">
              <Time at={at} seconds />
              <span>{text}</span>
            </span>
            {seconds !== null && <span className="number">{toClock(seconds)}</span>}
          </li>
        ))}
      </ol>
    </section>
  );
}

function useLegs(details: Details): Leg[] {
  const { t } = useText();
  const write = useNumberText();
  if (!details) return [];
  const { rings, talks, holds, queues, transfers, pickups, parkings, conferences, recordings } = details;
  const who = (...names: (string | null)[]): string => write(names.find((name) => name !== null) ?? t("call.unknown"));
  return [
    ...queues.map(({ queue, joined_at, wait_seconds, outcome }) => ({
      at: joined_at,
      text: t("legs.queue", { queue, outcome: t(`queue.${outcome}`) }),
      seconds: wait_seconds,
    })),
    ...rings.map(({ extension, number, started_at, seconds, result }) => ({
      at: started_at,
      text: t("legs.ring", { who: who(extension, number), result: t(`ring.${result ?? "ringing"}`) }),
      seconds,
    })),
    ...talks.map(({ extension, number, started_at, seconds }) => ({
      at: started_at,
      text: t("legs.talk", { who: who(extension, number) }),
      seconds,
    })),
    ...holds.map(({ extension, started_at, seconds }) => ({
      at: started_at,
      text: t("legs.hold", { who: who(extension) }),
      seconds,
    })),
    ...transfers.map(({ kind, at, from, to }) => ({
      at,
      text: t(`legs.${kind}`, { from: who(from), to: who(to) }),
      seconds: null,
    })),
    ...pickups.map(({ at, by, from }) => ({
      at,
      text: t("legs.pickup", { who: who(by), from: who(from) }),
      seconds: null,
    })),
    ...parkings.flatMap((parking) => toParkingLegs(parking, { t, who })),
    ...conferences.map(({ name, extension, joined_at, seconds }) => ({
      at: joined_at,
      text: t("legs.conference", { who: extension ?? t("legs.caller"), name }),
      seconds,
    })),
    ...recordings.map(({ file, started_at }) => ({
      at: started_at,
      text: t("legs.recorded", { file: file.split("/").at(-1) ?? file }),
      seconds: null,
    })),
  ].sort((left, right) => left.at.localeCompare(right.at));
}

type Parking = NonNullable<Details>["parkings"][number];

/** When it was parked, and how it came out again. */
function toParkingLegs(
  { lot, space, from, by, parked_at, left_at, seconds, outcome }: Parking,
  { t, who }: { t: Translate; who(...names: (string | null)[]): string },
): Leg[] {
  const place = space === null ? lot : `${lot} ${space}`;
  const parked = { at: parked_at, text: t("legs.parked", { from: who(from), place }), seconds };
  if (left_at === null || outcome === "parked") return [parked];
  const end =
    outcome === "retrieved" ? t("legs.fetched", { who: who(by), place }) : t(`legs.parkEnd.${outcome}`, { place });
  return [parked, { at: left_at, text: end, seconds: null }];
}
