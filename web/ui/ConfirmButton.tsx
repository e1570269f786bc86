import { Button, Modal } from "@mantine/core";
import { useState } from "react";
import { useText } from "../locales/text.tsx";
import { ErrorNote } from "./ErrorNote.tsx";
import { useAction } from "./use-action.ts";

interface ConfirmButtonProps {
  label: string;
  /** Whom it concerns, for people who hear the button rather than see its row. */
  about?: string;
  question: string;
  done: string;
  /** What it changes, as `useDecision` names it: asked after every decision about the same. */
  changes?: string;
  run(): Promise<unknown>;
  onDone?(): void;
}

/** For what cannot be undone: asks first, says what went wrong where it was asked. */
export function ConfirmButton({ label, about, question, done, changes, run, onDone }: ConfirmButtonProps) {
  const { t } = useText();
  const [isOpen, setOpen] = useState(false);
  const action = useAction({
    run,
    done,
    about: changes,
    onDone: () => {
      setOpen(false);
      onDone?.();
    },
  });
  return (
    <>
      <Button size="xs" variant="default" aria-haspopup="dialog" onClick={() => setOpen(true)}>
        {label}
        {about && <span className="visually-hidden"> {about}</span>}
      </Button>
      <Modal
        opened={isOpen}
        onClose={() => setOpen(false)}
        title={label}
        closeButtonProps={{ "aria-label": t("action.close") }}
      >
        <div className="stack">
          <p className="break">{question}</p>
          {action.error && <ErrorNote error={action.error} />}
          <div className="row">
            <Button color="red" loading={action.isPending} onClick={() => action.mutate()}>
              {label}
            </Button>
            <Button variant="default" onClick={() => setOpen(false)}>
              {t("action.cancel")}
            </Button>
          </div>
        </div>
      </Modal>
    </>
  );
}
