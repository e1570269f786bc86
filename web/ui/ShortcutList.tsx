import { Checkbox, Modal } from "@mantine/core";
import { useText } from "../locales/text.tsx";
import type { Place } from "./places.ts";
import { switchShortcuts, useAreShortcutsOn } from "./shortcuts.ts";

interface ShortcutListProps {
  places: readonly Place[];
  isOpen: boolean;
  onClose(): void;
}

/** Every key there is, and the switch for the single ones. */
export function ShortcutList({ places, isOpen, onClose }: ShortcutListProps) {
  const { t } = useText();
  const areOn = useAreShortcutsOn();
  const single: [string[], string][] = [
    ...places.map(({ key, label }): [string[], string] => [["g", key], t(label)]),
    [["/"], t("shortcuts.filter")],
    [["?"], t("shortcuts.title")],
  ];
  const always: [string[], string][] = [
    [["Ctrl", "K"], t("shortcuts.palette")],
    [["Ctrl", "Z"], t("shortcuts.undo")],
    [["Esc"], t("shortcuts.close")],
  ];
  return (
    <Modal
      opened={isOpen}
      onClose={onClose}
      title={t("shortcuts.title")}
      closeButtonProps={{ "aria-label": t("action.close") }}
    >
      <div className="stack">
        <Keys rows={always} />
        <Checkbox
          label={t("shortcuts.single")}
          description={t("shortcuts.singleHint")}
          checked={areOn}
          onChange={(event) => switchShortcuts(event.currentTarget.checked)}
        />
        {areOn && <Keys rows={single} />}
      </div>
    </Modal>
  );
}

function Keys({ rows }: { rows: readonly [string[], string][] }) {
  return (
    <dl className="facts">
      {rows.map(([keys, deed]) => (
        <div key={deed} className="fact-row">
          <dt className="keys">
            {keys.map((key) => (
              <kbd key={key}>{key}</kbd>
            ))}
          </dt>
          <dd>{deed}</dd>
        </div>
      ))}
    </dl>
  );
}
