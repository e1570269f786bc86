import { useInfiniteQuery } from "@tanstack/react-query";
import { api, ask } from "../../api/client.ts";
import type { Schemas } from "../../api/schema.gen.ts";
import { useText } from "../../locales/text.tsx";
import { Badge, type Tone } from "../../ui/Badge.tsx";
import { ErrorNote } from "../../ui/ErrorNote.tsx";
import { Loading } from "../../ui/Loading.tsx";
import { MoreButton } from "../../ui/MoreButton.tsx";
import { Said } from "../../ui/Said.tsx";
import type { ServerWords } from "../../ui/server-words.ts";
import { Time } from "../../ui/Time.tsx";

type Attempt = Schemas["Attempt"];
type Exchange = Attempt["exchanges"][number];

const TONES: Record<Attempt["outcome"], Tone> = {
  ...{ delivered: "good", retry: "warn", rejected: "bad", hold: "bad", lost: "warn" },
};

/** Every attempt of a delivery, with what was sent and what came back. */
export function Attempts({ deliveryId }: { deliveryId: string }) {
  const { t } = useText();
  const list = useInfiniteQuery({
    queryKey: ["attempts", deliveryId],
    initialPageParam: "",
    queryFn: ({ pageParam, signal }) =>
      ask(
        api.GET("/api/v1/deliveries/{id}/attempts", {
          signal,
          params: { path: { id: deliveryId }, query: { limit: 20, ...(pageParam && { cursor: pageParam }) } },
        }),
      ),
    getNextPageParam: ({ next_cursor }) => next_cursor,
  });
  if (list.isLoading) return <Loading />;
  if (!list.data) return <ErrorNote error={list.error} onRetry={() => void list.refetch()} />;
  const attempts = list.data.pages.flatMap(({ items }) => items);
  if (attempts.length === 0) return <p className="quiet">{t("attempts.none")}</p>;
  return (
    <div className="stack">
      {attempts.map((attempt) => (
        <AttemptDetails key={attempt.number} attempt={attempt} />
      ))}
      <MoreButton list={list} />
    </div>
  );
}

function AttemptDetails({ attempt }: { attempt: Attempt }) {
  const { t } = useText();
  return (
    <details className="attempt-details">
      <summary>
        <span className="row">
          <strong>{t("attempts.number", { number: attempt.number })}</strong>
          <Badge tone={TONES[attempt.outcome]}>{t(`attempt.${attempt.outcome}`)}</Badge>
          <Time at={attempt.started_at} seconds />
          <span className="quiet number">{t("attempts.took", { ms: attempt.duration_ms })}</span>
        </span>
      </summary>
      {attempt.reason && (
        <p className="break">
          <Said text={attempt.reason} code={attempt.reason_code} values={attempt.reason_values} />
        </p>
      )}
      {attempt.exchanges.length === 0 && <p className="quiet">{t("attempts.noExchange")}</p>}
      {attempt.exchanges.map((exchange, order) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: exchanges of one attempt have nothing else that tells them apart
        <ExchangeDetails key={order} exchange={exchange} />
      ))}
    </details>
  );
}

function ExchangeDetails({ exchange }: { exchange: Exchange }) {
  const { t } = useText();
  const { method, url, status, failure, request_headers, request_body, answer_headers, answer_body } = exchange;
  return (
    <section className="exchange">
      <p className="exchange-line mono break">
        {method} {url}
      </p>
      <p className="small">
        {failure === null ? t("attempts.answered", { status: status ?? 0 }) : <Said {...toFailureWords(failure)} />}{" "}
        <span className="quiet number">{t("attempts.took", { ms: Math.round(exchange.duration_ms) })}</span>
      </p>
      <Message title={t("attempts.request")} headers={request_headers} body={request_body} />
      <Message title={t("attempts.answer")} headers={answer_headers} body={answer_body} />
    </section>
  );
}

/** An exchange keeps why there was no answer as `timeout: no answer within 15000 ms`: the kind, and the machine's own words. */
function toFailureWords(failure: string): ServerWords {
  const [kind = "", ...said] = failure.split(": ");
  return { text: failure, code: `http.${kind}`, values: { said: said.join(": ") } };
}

interface MessageProps {
  title: string;
  headers: Readonly<Record<string, string>>;
  body: string | null;
}

function Message({ title, headers, body }: MessageProps) {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  if (lines.length === 0 && !body) return null;
  return (
    <>
      <div className="small quiet">{title}</div>
      {/* A long text scrolls, so the keyboard must reach it. */}
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: WCAG 2.1.1 wants scrolled regions to be reachable */}
      <pre className="body" tabIndex={0}>
        {`${lines.join("\n")}\n\n${toReadable(body ?? "")}`.trim()}
      </pre>
    </>
  );
}

/** JSON is laid out, anything else stays as it came. */
export function toReadable(body: string): string {
  try {
    return JSON.stringify(JSON.parse(body), null, 2);
  } catch {
    return body;
  }
}
