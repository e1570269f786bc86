import { useText } from "../locales/text.tsx";
import { useMe } from "./current-user.ts";

interface TimeProps {
  /** ISO-8601; nothing shows as a dash. */
  at: string | null | undefined;
  seconds?: boolean;
}

/** An instant in the tenant's zone; the tooltip says it in the viewer's. */
export function Time({ at, seconds = false }: TimeProps) {
  const { language } = useText();
  const { tenant } = useMe();
  if (!at) return <span className="quiet">–</span>;
  const own = new Intl.DateTimeFormat(language, { dateStyle: "full", timeStyle: "long", hourCycle: "h23" }).format(
    new Date(at),
  );
  const shown = new Intl.DateTimeFormat(language, {
    timeZone: tenant.time_zone,
    ...{ day: "2-digit", month: "short", hour: "2-digit", minute: "2-digit", hourCycle: "h23" },
    ...(seconds && { second: "2-digit" }),
    ...(new Date(at).getFullYear() !== new Date().getFullYear() && { year: "numeric" }),
  });
  return (
    <time className="number nowrap" dateTime={at} title={own}>
      {shown.format(new Date(at))}
    </time>
  );
}
