import { Link } from "@tanstack/react-router";
import type { Schemas } from "../../api/schema.gen.ts";
import { type Translate, useText } from "../../locales/text.tsx";
import { LaneBadge } from "../../ui/Badge.tsx";
import { Said } from "../../ui/Said.tsx";
import { Table } from "../../ui/Table.tsx";
import { Time } from "../../ui/Time.tsx";

type Preview = Schemas["DeliveryPreview"];
type Part = Preview["connections"][number];
type Deed = "replay" | "discard";

/** What a bulk deed will do, before it is done: where, to what, and what stands in the way. */
export function PreviewNote({ deed, preview }: { deed: Deed; preview: Preview }) {
  const { t } = useText();
  const { matched, at_once, too_late, connections, sample } = preview;
  return (
    <>
      {connections.length > 0 && (
        <Table
          items={connections}
          keyOf={({ connection_id }) => connection_id}
          columns={[
            { label: t("bulk.where"), className: "break", show: ({ connection }) => connection },
            { label: t("bulk.what"), className: "break", show: (part) => <Effect deed={deed} part={part} /> },
          ]}
        />
      )}
      {matched > at_once && <p className="note note-warn small">{t("bulk.atOnce", { count: at_once })}</p>}
      {too_late > 0 && <p className="note note-warn small">{t("bulk.tooLate", { count: too_late })}</p>}
      {sample.length > 0 && <Sample sample={sample} />}
    </>
  );
}

function Effect({ deed, part }: { deed: Deed; part: Part }) {
  const { t } = useText();
  const isStill = deed === "replay" && part.lane !== "active";
  return (
    <>
      <div>{deed === "replay" ? toEffects(part, t).join(", ") : t("bulk.discardYes", { count: part.matched })}</div>
      {isStill && (
        <div className="small">
          <LaneBadge id={part.connection_id} state={part.lane} /> {t("bulk.stands")}{" "}
          {part.lane_reason && (
            <Said text={part.lane_reason} code={part.lane_reason_code} values={part.lane_reason_values} />
          )}
        </div>
      )}
    </>
  );
}

const toEffects = ({ updates, creates, signals }: Part, t: Translate): string[] => [
  ...(updates > 0 ? [t("bulk.updates", { count: updates })] : []),
  ...(creates > 0 ? [t("bulk.creates", { count: creates })] : []),
  ...(signals > 0 ? [t("bulk.signals", { count: signals })] : []),
];

function Sample({ sample }: { sample: Preview["sample"] }) {
  const { t } = useText();
  return (
    <section aria-label={t("bulk.sample")}>
      <h3 className="small quiet">{t("bulk.sample")}</h3>
      <ul className="plain small">
        {sample.map(({ id, call_id, connection, created_at, reason, reason_code, reason_values }) => (
          <li key={id}>
            <Time at={created_at} />{" "}
            <Link to="/calls/$id" params={{ id: call_id }}>
              {t("deliveries.call", { id: call_id })}
            </Link>{" "}
            {connection}{" "}
            {reason && (
              <>
                · <Said text={reason} code={reason_code} values={reason_values} />
              </>
            )}
          </li>
        ))}
      </ul>
    </section>
  );
}
