import { Button } from "@mantine/core";
import { useState } from "react";
import { useText } from "../../locales/text.tsx";
import { showProblem } from "../../ui/notices.tsx";
import { useAction } from "../../ui/use-action.ts";

interface PlayerProps {
  /** Whom it is about, for those who hear the button. */
  about: string;
  /** A link that plays; asked for when somebody wants to listen, because it ends. */
  load(): Promise<{ url: string }>;
}

/** A button that becomes a player. */
export function Player({ about, load }: PlayerProps) {
  const { t } = useText();
  const [path, setPath] = useState<string | null>(null);
  const listen = useAction({
    run: load,
    // Through the address at which the console itself was reached: it may be another than the public one.
    onDone: ({ url }) => setPath(new URL(url).pathname),
    onError: showProblem,
  });
  if (path !== null)
    return (
      // biome-ignore lint/a11y/useMediaCaption: a telephone's prompt has no captions; spoken texts stand beside it
      <audio controls autoPlay src={path} aria-label={about} />
    );
  return (
    <Button size="xs" variant="default" loading={listen.isPending} onClick={() => listen.mutate()}>
      {t("dialer.listen")}
      <span className="visually-hidden"> {about}</span>
    </Button>
  );
}
