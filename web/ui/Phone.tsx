import { useText } from "../locales/text.tsx";
import { useNumberText } from "./phone-numbers.ts";

interface PhoneProps {
  number: string | null | undefined;
  /** What stands where there is none; a caller who is not known unless said otherwise. */
  none?: string;
}

/** A telephone number in the form that the person chose; the tooltip has it as the wire does. */
export function Phone({ number, none }: PhoneProps) {
  const { t } = useText();
  const write = useNumberText();
  if (!number) return <span className="quiet">{none ?? t("call.unknown")}</span>;
  const text = write(number);
  return (
    <span className="number" translate="no" {...(text !== number && { title: number })}>
      {text}
    </span>
  );
}
