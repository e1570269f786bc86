import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import type { Schemas } from "../../api/schema.gen.ts";
import { useText } from "../../locales/text.tsx";
import { toClock } from "../../ui/instants.ts";
import { Phone } from "../../ui/Phone.tsx";
import { type Column, Table } from "../../ui/Table.tsx";
import { BarList } from "./BarList.tsx";

type Dialer = NonNullable<Schemas["CallStatistics"]["dialer"]>;
type Counts = Pick<Dialer, "attempts" | "dialed" | "answered" | "people" | "talk_seconds">;
type Named = Dialer["projects"][number];

/** What the dialer tried: by project, campaign, how it came out, and the number that was shown. */
export function DialerReport({ dialer }: { dialer: Dialer }) {
  const { t } = useText();
  const bars = dialer.dispositions.map(({ disposition, attempts }) => ({
    ...{ name: t(`dialer.disposition.${disposition}`), value: attempts, bad: 0 },
  }));
  const toName = ({ id, name }: Named): string => name ?? t("reports.gone", { id: id ?? "" });
  return (
    <>
      <Part
        title={t("reports.projects")}
        head={t("filter.project")}
        items={dialer.projects}
        show={(item) => (
          <Link to="/calls" search={{ project: item.id ?? "" }}>
            {toName(item)}
          </Link>
        )}
      />
      <Part
        title={t("reports.campaigns")}
        head={t("filter.campaign")}
        items={dialer.campaigns}
        show={(item) =>
          item.id === null ? (
            t("reports.noCampaign")
          ) : (
            <Link to="/calls" search={{ campaign: item.id }}>
              {toName(item)}
            </Link>
          )
        }
      />
      <section className="card report-bars" aria-label={t("reports.dispositions")}>
        <h2>{t("reports.dispositions")}</h2>
        <BarList bars={bars} />
      </section>
      <Part
        title={t("reports.callerIds")}
        text={t("reports.callerIdsText")}
        head={t("reports.callerId")}
        items={dialer.caller_ids.map((item) => ({ id: item.number, ...item }))}
        show={({ id }) => <Phone number={id} />}
      />
    </>
  );
}

interface PartProps<T> {
  title: string;
  text?: string;
  /** Of the first column. */
  head: string;
  items: readonly T[];
  show(item: T): ReactNode;
}

function Part<T extends Counts & { id: string | null }>({ title, text, head, items, show }: PartProps<T>) {
  const columns = useCountColumns();
  if (items.length === 0) return null;
  return (
    <section className="card card-flush report-part" aria-label={title}>
      <h2>{title}</h2>
      {text !== undefined && <p className="quiet small">{text}</p>}
      <Table<T> items={items} columns={[{ label: head, show }, ...columns]} keyOf={({ id }) => id ?? "none"} />
    </section>
  );
}

/** How often it was tried, and what share was picked up. */
function useCountColumns(): Column<Counts>[] {
  const { t, language } = useText();
  const percent = new Intl.NumberFormat(language, { style: "percent", maximumFractionDigits: 1 });
  const toShare = (part: number, all: number): string => (all === 0 ? "–" : percent.format(part / all));
  const number = { className: "end number" };
  return [
    { label: t("reports.attempts"), ...number, show: ({ attempts }) => attempts.toLocaleString(language) },
    { label: t("reports.dialed"), ...number, show: ({ dialed }) => dialed.toLocaleString(language) },
    { label: t("reports.pickedUp"), ...number, show: ({ answered }) => answered.toLocaleString(language) },
    { label: t("reports.rate"), ...number, show: ({ answered, dialed }) => toShare(answered, dialed) },
    {
      label: t("reports.byPerson"),
      ...number,
      show: ({ people, dialed }) => `${people.toLocaleString(language)} · ${toShare(people, dialed)}`,
    },
    { label: t("reports.talk"), ...number, show: ({ talk_seconds }) => toClock(talk_seconds) },
  ];
}
