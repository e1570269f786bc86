import { Button, NativeSelect } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api, ask } from "../../api/client.ts";
import { useText } from "../../locales/text.tsx";
import { Badge } from "../../ui/Badge.tsx";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { ErrorNote } from "../../ui/ErrorNote.tsx";
import { Loading } from "../../ui/Loading.tsx";
import { SecretOnce } from "../../ui/SecretOnce.tsx";
import { Time } from "../../ui/Time.tsx";
import { useAction } from "../../ui/use-action.ts";
import { WebhookPosts } from "./WebhookPosts.tsx";

const HOUR = 3_600;
const OVERLAPS = [0, HOUR, 24 * HOUR, 7 * 24 * HOUR];

/** The secrets that sign `POST /webhook/call`, and the way to a new one without losing a call. */
export function WebhookSecrets() {
  const { t } = useText();
  const [secret, setSecret] = useState<string | null>(null);
  const [overlap, setOverlap] = useState(24 * HOUR);
  const list = useQuery({
    queryKey: ["webhook-secrets"],
    queryFn: ({ signal }) => ask(api.GET("/api/v1/webhook-secrets", { signal })),
  });
  const rotate = useAction({
    run: () => ask(api.POST("/api/v1/webhook-secrets/rotate", { body: { overlap_seconds: overlap } })),
    onDone: (made) => setSecret(made.secret),
  });
  return (
    <div className="stack narrow">
      <section className="card stack">
        <h2>{t("webhook.rotate")}</h2>
        <p className="quiet">
          {t("webhook.lead")} <code className="mono">POST {location.origin}/webhook/call</code>
        </p>
        <NativeSelect
          label={t("webhook.overlap")}
          value={String(overlap)}
          onChange={(event) => setOverlap(Number(event.currentTarget.value))}
          data={OVERLAPS.map((seconds) => ({
            value: String(seconds),
            label: t("webhook.hours", { count: seconds / HOUR }),
          }))}
        />
        {rotate.error && <ErrorNote error={rotate.error} />}
        <div>
          <Button loading={rotate.isPending} onClick={() => rotate.mutate()}>
            {t("webhook.rotateNow")}
          </Button>
        </div>
      </section>
      {list.error && <ErrorNote error={list.error} onRetry={() => void list.refetch()} />}
      {list.isLoading && <Loading />}
      {list.data && (
        <section className="card">
          <h2>{t("webhook.good")}</h2>
          {list.data.items.length === 0 && <EmptyState title={t("webhook.none")}>{t("webhook.noneText")}</EmptyState>}
          <ul className="plain">
            {list.data.items.map(({ id, origin, created_at, expires_at }) => (
              <li key={id} className="row spread">
                <span>
                  {t("webhook.made")} <Time at={created_at} />{" "}
                  {origin === "environment" && <Badge tone="still">{t("webhook.environment")}</Badge>}
                </span>
                {expires_at ? (
                  <span>
                    {t("webhook.until")} <Time at={expires_at} />
                  </span>
                ) : (
                  <Badge tone="good">{t("webhook.current")}</Badge>
                )}
              </li>
            ))}
          </ul>
        </section>
      )}
      <WebhookPosts />
      <SecretOnce title={t("webhook.secret")} secret={secret} onClose={() => setSecret(null)} />
    </div>
  );
}
