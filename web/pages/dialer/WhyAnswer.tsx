import { DIAL_ATTEMPT_DISPOSITION, type Schemas } from "../../api/schema.gen.ts";
import { useText } from "../../locales/text.tsx";
import { Badge } from "../../ui/Badge.tsx";
import { Phone } from "../../ui/Phone.tsx";
import { Table } from "../../ui/Table.tsx";
import { Time } from "../../ui/Time.tsx";
import { toNames, useProjects } from "./lists.ts";
import { AllowedInputs, RuleInputs } from "./RuleInputs.tsx";

type Why = Schemas["Why"];

/** What would be decided now and by which rule, the calls that were allowed, and what kept us from others. */
export function WhyAnswer({ why }: { why: Why }) {
  const { t } = useText();
  const { number, country, zones, now, calls, blocks } = why;
  return (
    <div className="stack" role="status">
      <p className="small">
        <Phone number={number} /> · {[country, ...zones].filter(Boolean).join(" · ")}
        {now?.policy_version && ` · ${t("dialer.policyVersion", { version: now.policy_version })}`}
      </p>
      {now && <Decision now={now} />}
      {now && (
        <ul className="plain">
          {now.checks.map(({ rule, passed, inputs }) => (
            <li key={rule}>
              <div className="row">
                <Badge tone={passed ? "good" : "bad"}>{passed ? t("dialer.passed") : t("dialer.notPassed")}</Badge>
                {t(`dialer.ruleIs.${rule}`)}
              </div>
              <RuleInputs rule={rule} inputs={inputs} />
            </li>
          ))}
        </ul>
      )}
      <p className="small">{t("dialer.whyCounts", { calls: calls.length, blocks: blocks.length })}</p>
      {calls.length > 0 && <Calls calls={calls} />}
      {blocks.length > 0 && <Blocks blocks={blocks} />}
    </div>
  );
}

function Decision({ now }: { now: NonNullable<Why["now"]> }) {
  const { t } = useText();
  return (
    <p className={now.allowed ? "note note-good" : "note note-warn"}>
      {now.allowed ? t("dialer.mayBeCalled") : t("dialer.mayNotBeCalled")}
      {now.rule && ` ${t(`dialer.ruleIs.${now.rule}`)}.`}
      {now.next_at && (
        <>
          {" "}
          {t("dialer.nextAt")}: <Time at={now.next_at} />
        </>
      )}
    </p>
  );
}

function Calls({ calls }: Pick<Why, "calls">) {
  const { t } = useText();
  const toWord = (told: string | null): string => {
    const known = DIAL_ATTEMPT_DISPOSITION.find((one) => one === told);
    return known ? t(`dialer.disposition.${known}`) : (told ?? "–");
  };
  const projectOf = toNames(useProjects().data?.items);
  return (
    <div className="card card-flush">
      <Table
        caption={t("dialer.callsToIt")}
        items={calls}
        keyOf={({ attempt_id }) => attempt_id}
        columns={[
          { label: t("dialer.callAllowed"), show: ({ at }) => <Time at={at} seconds /> },
          { label: t("dialer.project"), show: ({ project_id }) => projectOf(project_id) },
          {
            label: t("dialer.callerId"),
            className: "number nowrap",
            show: ({ caller_id }) => <Phone number={caller_id} none="–" />,
          },
          { label: t("dialer.policy"), className: "mono", show: ({ policy_version }) => policy_version ?? "–" },
          {
            label: t("dialer.counted"),
            show: ({ counted }) => (counted ? t("dialer.yes") : t("dialer.no")),
          },
          { label: t("dialer.outcome"), show: ({ disposition }) => toWord(disposition) },
          { label: t("dialer.lookedAt"), show: ({ inputs }) => <AllowedInputs inputs={inputs} /> },
        ]}
      />
    </div>
  );
}

function Blocks({ blocks }: Pick<Why, "blocks">) {
  const { t } = useText();
  const projectOf = toNames(useProjects().data?.items);
  return (
    <div className="card card-flush">
      <Table
        caption={t("dialer.keptBack")}
        items={blocks}
        keyOf={({ rule, project_id, campaign_id, source }) => `${rule} ${project_id} ${campaign_id} ${source}`}
        columns={[
          { label: t("dialer.keptBackBy"), show: ({ rule }) => t(`dialer.ruleIs.${rule}`) },
          { label: t("dialer.project"), show: ({ project_id }) => projectOf(project_id) },
          { label: t("dialer.times"), className: "number", show: ({ times }) => times },
          { label: t("dialer.lastTime"), show: ({ last_at }) => <Time at={last_at} seconds /> },
          { label: t("dialer.nextAt"), show: ({ next_at }) => <Time at={next_at} /> },
          { label: t("dialer.lookedAt"), show: ({ rule, inputs }) => <RuleInputs rule={rule} inputs={inputs} /> },
        ]}
      />
    </div>
  );
}
