import { Button } from "@mantine/core";
import { toProblem } from "../api/problem.ts";
import { useText } from "../locales/text.tsx";

/** A refusal in a sentence of the person's language, the server's own words, and the id to look for in the log. */
export function ErrorNote({ error, onRetry }: { error: unknown; onRetry?: () => void }) {
  const { t } = useText();
  const problem = toProblem(error);
  return (
    <div className="note note-bad" role="alert">
      <strong>{t(`error.${problem.code}`)}</strong>
      {problem.code !== "offline" && problem.message !== problem.code && <div lang="en">{problem.message}</div>}
      {problem.fields.length > 0 && (
        <ul>
          {problem.fields.map(({ path, message }) => (
            <li key={`${path} ${message}`}>
              <span className="mono">{path}</span> <span lang="en">{message}</span>
            </li>
          ))}
        </ul>
      )}
      {problem.requestId && (
        <div className="small">
          {t("error.requestId")} <span className="mono">{problem.requestId}</span>
        </div>
      )}
      {onRetry && (
        <Button mt="xs" size="xs" variant="default" onClick={onRetry}>
          {t("action.retry")}
        </Button>
      )}
    </div>
  );
}
