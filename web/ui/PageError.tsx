import { Link } from "@tanstack/react-router";
import { useText } from "../locales/text.tsx";
import { EmptyState } from "./EmptyState.tsx";
import { ErrorNote } from "./ErrorNote.tsx";

/** A page that could not be shown at all. */
export function PageError({ error }: { error: unknown }) {
  return (
    <main className="front">
      <ErrorNote error={error} onRetry={() => location.reload()} />
    </main>
  );
}

export function PageMissing() {
  const { t } = useText();
  return (
    <main className="front">
      <EmptyState title={t("missing.title")} action={<Link to="/live">{t("missing.home")}</Link>} />
    </main>
  );
}
