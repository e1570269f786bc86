import { Button, type ButtonProps, Modal } from "@mantine/core";
import { type ReactNode, useState } from "react";
import { useText } from "../locales/text.tsx";

interface DialogButtonProps {
  label: string;
  /** Whom it concerns, for people who hear the button rather than see its row. */
  about?: string;
  title: string;
  /** Of the button; it is small and quiet unless said otherwise. */
  look?: Pick<ButtonProps, "size" | "variant">;
  /** Of the dialog. */
  size?: "md" | "xl";
  /** What is asked; made when it opens, so that it begins afresh each time. */
  children(close: () => void): ReactNode;
}

/** A button that opens a dialog. */
export function DialogButton({ label, about, title, look, size = "md", children }: DialogButtonProps) {
  const { t } = useText();
  const [isOpen, setOpen] = useState(false);
  const close = (): void => setOpen(false);
  return (
    <>
      <Button {...(look ?? { size: "xs", variant: "default" })} aria-haspopup="dialog" onClick={() => setOpen(true)}>
        {label}
        {about !== undefined && <span className="visually-hidden"> {about}</span>}
      </Button>
      <Modal
        opened={isOpen}
        onClose={close}
        size={size}
        title={title}
        closeButtonProps={{ "aria-label": t("action.close") }}
      >
        {children(close)}
      </Modal>
    </>
  );
}
