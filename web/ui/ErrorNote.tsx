import { Button } from "@mantine/core";
import { type ApiProblem, toProblem } from "../api/problem.ts";
import { useText } from "../locales/text.tsx";
import { Said } from "./Said.tsx";

/** A refusal in a sentence of the person's language, the server's own words, and the id to look for in the log. */
export function ErrorNote({ error, onRetry }: { error: unknown; onRetry?: () => void }) {
  const { t } = useText();
  const problem = toProblem(error);
  return (
    <div className="note note-bad" role="alert">
      <strong>{t(`error.${problem.code}`)}</strong>
      {hasDetail(problem) && (
        <div>
          <Said text={problem.message} {...problem.said} />
        </div>
      )}
      {problem.fields.length > 0 && (
        <ul>
          {problem.fields.map(({ path, message, code, values }) => (
            <li key={`${path} ${message}`}>
              {path && <span className="mono">{path}: </span>}
              <Said text={message} code={code} values={values} />
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

/** Fields say it in full, one by one; of a network that is down the browser knows no more than we do. */
const hasDetail = ({ code, message, fields }: ApiProblem): boolean =>
  code !== "offline" && message !== code && fields.length === 0;
