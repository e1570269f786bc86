import type { Schemas } from "../../api/schema.gen.ts";
import { type Translate, useText } from "../../locales/text.tsx";
import { Phone } from "../../ui/Phone.tsx";
import type { Column } from "../../ui/Table.tsx";
import { Time } from "../../ui/Time.tsx";

type Attempt = Schemas["DialAttempt"];

/** What is told of each try at a number, wherever tries are listed. */
export function useAttemptColumns(): { when: Column<Attempt>; outcome: readonly Column<Attempt>[] } {
  const { t } = useText();
  return {
    when: {
      label: t("dialer.when"),
      show: ({ dialed_at, queued_at }) => <Time at={dialed_at ?? queued_at} seconds />,
    },
    outcome: [
      { label: t("dialer.stateLabel"), show: ({ state }) => t(`dialer.attempt.${state}`) },
      { label: t("dialer.outcome"), show: (one) => toOutcomeText(one, t) },
      {
        label: t("dialer.callerId"),
        className: "number nowrap",
        show: ({ caller_id }) => <Phone number={caller_id} none="–" />,
      },
      { label: t("dialer.key"), show: ({ digit }) => digit ?? "–" },
    ],
  };
}

/** What Asterisk calls the cause says more than our word for it. */
export function toOutcomeText({ disposition, cause }: Attempt, t: Translate): string {
  if (disposition === null) return "–";
  const word = t(`dialer.disposition.${disposition}`);
  return cause === null || cause === NORMAL_CLEARING ? word : `${word} (${cause})`;
}

const NORMAL_CLEARING = 16;
