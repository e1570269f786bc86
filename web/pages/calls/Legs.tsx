import type { Schemas } from "../../api/schema.gen.ts";
import { useText } from "../../locales/text.tsx";
import { toClock } from "../../ui/instants.ts";
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
  if (!details) return [];
  const { rings, talks, holds, queues, transfers } = details;
  const who = (...names: (string | null)[]): string => names.find((name) => name !== null) ?? t("call.unknown");
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
  ].sort((left, right) => left.at.localeCompare(right.at));
}
