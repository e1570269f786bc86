import { Button } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { ErrorNote } from "./ErrorNote.tsx";

/** A passing word that something was done. */
export function showDone(sentence: string): void {
  notifications.show({ message: sentence, autoClose: 4_000, withCloseButton: false });
}

/** A refusal of something the person asked for; stays until it is closed. */
export function showProblem(error: unknown): void {
  notifications.show({ color: "red", autoClose: false, message: <ErrorNote error={error} /> });
}

interface Undo {
  sentence: string;
  label: string;
  undo(): Promise<void>;
}

const UNDO_MS = 12_000;

/** Something is gone, and for a while it can be had back. */
export function showUndo({ sentence, label, undo }: Undo): void {
  const id = crypto.getRandomValues(new Uint32Array(1)).join();
  const onClick = (): void => {
    notifications.hide(id);
    undo().catch(showProblem);
  };
  const message = (
    <span className="row spread">
      {sentence}
      <Button size="compact-sm" variant="default" onClick={onClick}>
        {label}
      </Button>
    </span>
  );
  notifications.show({ id, message, autoClose: UNDO_MS, withCloseButton: false });
}
