import { notifications } from "@mantine/notifications";
import { translate } from "../locales/text.tsx";
import { ErrorNote } from "./ErrorNote.tsx";

/** A passing word that something was done. */
export function showDone(sentence: string): void {
  notifications.show({ message: sentence, autoClose: 4_000, withCloseButton: false });
}

/** A refusal of something the person asked for; stays until it is closed. */
export function showProblem(error: unknown): void {
  notifications.show({
    ...{ color: "red", autoClose: false, message: <ErrorNote error={error} /> },
    closeButtonProps: closeButton(),
  });
}

/** A cross says nothing to those who hear it. */
export const closeButton = () => ({ "aria-label": translate("action.close") });
