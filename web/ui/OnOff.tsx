import { Button } from "@mantine/core";
import { useText } from "../locales/text.tsx";
import { useDecision } from "./decisions.ts";

interface OnOffProps {
  /** What is switched, as `useDecided` knows it beside this button. */
  name: string;
  /** Whom it concerns, for people who hear the button rather than see its row. */
  about: string;
  isOn: boolean;
  run(isOn: boolean): Promise<unknown>;
}

/** Switches something on or off; it moves at once, and back when the server refuses. */
export function OnOff({ name, about, isOn, run }: OnOffProps) {
  const { t } = useText();
  const { shown, decide } = useDecision({ name, told: isOn, run });
  return (
    <Button size="xs" variant="default" onClick={() => decide(!shown)}>
      {t(shown ? "action.switchOff" : "action.switchOn")}
      <span className="visually-hidden"> {about}</span>
    </Button>
  );
}
