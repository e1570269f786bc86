import { Button } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { api, ask } from "../../api/client.ts";
import type { Schemas } from "../../api/schema.gen.ts";
import { useText } from "../../locales/text.tsx";
import { useMay } from "../../ui/current-user.ts";
import { showDone, showProblem } from "../../ui/notices.tsx";

type Named = Pick<Schemas["Delivery"], "id" | "state" | "connection">;

/** Sends a delivery anew, or gives it up. */
export function DeliveryActions({ delivery }: { delivery: Named }) {
  const { t } = useText();
  const may = useMay();
  const queries = useQueryClient();
  const params = { params: { path: { id: delivery.id } } };
  const done = (sentence: string) => async (): Promise<void> => {
    showDone(sentence);
    await queries.invalidateQueries();
  };
  const replay = useMutation({
    mutationFn: () => ask(api.POST("/api/v1/deliveries/{id}/replay", params)),
    onSuccess: done(t("delivery.replayed")),
    onError: showProblem,
  });
  const discard = useMutation({
    mutationFn: () => ask(api.POST("/api/v1/deliveries/{id}/discard", params)),
    onSuccess: done(t("delivery.wasDiscarded")),
    onError: showProblem,
  });
  const isWaiting = delivery.state === "pending" || delivery.state === "dead";
  return (
    <span className="row">
      {may("POST /api/v1/deliveries/{id}/replay") && delivery.state !== "leased" && (
        <Button size="xs" variant="default" loading={replay.isPending} onClick={() => replay.mutate()}>
          {t(delivery.state === "pending" ? "delivery.now" : "delivery.replay")}
          <span className="visually-hidden"> {delivery.connection}</span>
        </Button>
      )}
      {may("POST /api/v1/deliveries/{id}/discard") && isWaiting && (
        <Button size="xs" variant="default" loading={discard.isPending} onClick={() => discard.mutate()}>
          {t("delivery.discard")}
          <span className="visually-hidden"> {delivery.connection}</span>
        </Button>
      )}
    </span>
  );
}
