import { useText } from "../../locales/text.tsx";
import { useMe } from "../../ui/current-user.ts";
import { type RuleSpeaker, toAllowedWords, toRuleWords } from "./rule-words.ts";

interface RuleInputsProps {
  rule: string;
  inputs: Record<string, unknown>;
}

/** What a rule looked at; as it is kept, where it is a rule that this console does not know. */
export function RuleInputs({ rule, inputs }: RuleInputsProps) {
  const words = toRuleWords(rule, inputs, useSpeaker());
  if (words !== null) return <div className="quiet break">{words}</div>;
  const pairs = Object.entries(inputs).filter(([, value]) => value !== null);
  if (pairs.length === 0) return null;
  return (
    <div className="quiet mono break">
      {pairs
        .map(([name, value]) => `${name}: ${typeof value === "string" ? value : JSON.stringify(value)}`)
        .join(" · ")}
    </div>
  );
}

/** On what an allowed call was made. */
export function AllowedInputs({ inputs }: Pick<RuleInputsProps, "inputs">) {
  return <div className="quiet small break">{toAllowedWords(inputs, useSpeaker()) || "–"}</div>;
}

function useSpeaker(): RuleSpeaker {
  const { t, language } = useText();
  const { tenant } = useMe();
  const day = new Intl.DateTimeFormat(language, { timeZone: "UTC", dateStyle: "medium" });
  const instant = new Intl.DateTimeFormat(language, {
    ...{ timeZone: tenant.time_zone, dateStyle: "medium", timeStyle: "short" },
  });
  const toTime = (at: string): string => {
    const date = new Date(at);
    if (Number.isNaN(date.getTime())) return at || "–";
    return (/^\d{4}-\d\d-\d\d$/.test(at) ? day : instant).format(date);
  };
  return { t, language, toTime };
}
