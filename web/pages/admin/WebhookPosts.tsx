import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { api, ask } from "../../api/client.ts";
import { useText } from "../../locales/text.tsx";
import { ErrorNote } from "../../ui/ErrorNote.tsx";
import { Loading } from "../../ui/Loading.tsx";
import { Time } from "../../ui/Time.tsx";

const REFRESH_MS = 5_000;

/** What PBXs posted last, as it came: whether they reach us, and what they say. */
export function WebhookPosts() {
  const { t } = useText();
  const { data, error, refetch } = useQuery({
    queryKey: ["webhook-posts"],
    queryFn: ({ signal }) => ask(api.GET("/api/v1/webhook-posts", { signal })),
    refetchInterval: REFRESH_MS,
  });
  return (
    <section className="card stack" aria-label={t("webhook.posts")}>
      <h2>{t("webhook.posts")}</h2>
      {error && <ErrorNote error={error} onRetry={() => void refetch()} />}
      {!data && !error && <Loading />}
      {data?.items.length === 0 && <p className="quiet">{t("webhook.noPosts")}</p>}
      {data?.items.map(({ call_id, call_uuid, received_at, payload }) => (
        <details key={`${call_id} ${received_at}`} className="attempt-details">
          <summary>
            <span className="row">
              <Time at={received_at} seconds /> <span className="mono break">{call_uuid}</span>
            </span>
          </summary>
          <p className="small">
            <Link to="/calls/$id" params={{ id: call_id }}>
              {t("exchanges.seeCall")}
            </Link>
          </p>
          {/* A long text scrolls, so the keyboard must reach it. */}
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: WCAG 2.1.1 wants scrolled regions to be reachable */}
          <pre className="body" tabIndex={0}>
            {JSON.stringify(payload, null, 2)}
          </pre>
        </details>
      ))}
    </section>
  );
}
