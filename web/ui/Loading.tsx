import { Skeleton } from "@mantine/core";
import { useText } from "../locales/text.tsx";

const LINES = [1, 2, 3, 4, 5];

/** Grey lines where the answer will be. */
export function Loading() {
  const { t } = useText();
  return (
    <div className="stack" role="status" aria-label={t("loading")}>
      {LINES.map((line) => (
        <Skeleton key={line} height={28} />
      ))}
    </div>
  );
}
