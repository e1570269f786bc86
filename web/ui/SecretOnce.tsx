import { Button, Modal, TextInput } from "@mantine/core";
import { useEffect } from "react";
import { useText } from "../locales/text.tsx";
import { findLastFocused, focusAgain } from "./keep-focus.ts";
import { showDone } from "./notices.tsx";

interface SecretOnceProps {
  title: string;
  secret: string | null;
  onClose(): void;
}

/** A secret that the server shows this once. */
export function SecretOnce({ title, secret, onClose }: SecretOnceProps) {
  const { t } = useText();
  const isOpen = secret !== null;
  // The button that asked for it was waiting, and had lost the focus, when this opened.
  useEffect(() => {
    if (!isOpen) return;
    const opener = findLastFocused();
    return () => void requestAnimationFrame(() => focusAgain(opener));
  }, [isOpen]);
  const copy = async (): Promise<void> => {
    await navigator.clipboard.writeText(secret ?? "");
    showDone(t("secret.copied"));
  };
  return (
    <Modal
      opened={isOpen}
      returnFocus={false}
      onClose={onClose}
      title={title}
      closeOnClickOutside={false}
      closeButtonProps={{ "aria-label": t("action.close") }}
    >
      <div className="stack">
        <p className="note note-warn">{t("secret.once")}</p>
        <TextInput readOnly label={title} value={secret ?? ""} onFocus={(event) => event.currentTarget.select()} />
        {/* Browsers give scripts the clipboard only over https. */}
        {"clipboard" in navigator && <Button onClick={() => void copy()}>{t("secret.copy")}</Button>}
      </div>
    </Modal>
  );
}
