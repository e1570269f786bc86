import { useText } from "../locales/text.tsx";
import { useNumberText } from "./phone-numbers.ts";

/** A telephone number in the form that the person chose; the tooltip has it as the wire does. */
export function Phone({ number }: { number: string | null | undefined }) {
  const { t } = useText();
  const write = useNumberText();
  if (!number) return <span className="quiet">{t("call.unknown")}</span>;
  const text = write(number);
  return (
    <span className="number" translate="no" {...(text !== number && { title: number })}>
      {text}
    </span>
  );
}
