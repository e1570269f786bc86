import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { api, ask } from "../../api/client.ts";
import type { Schemas } from "../../api/schema.gen.ts";
import { useLive } from "./use-live.ts";

type Statistics = Schemas["CampaignStatistics"];
/** Without the live stream it is asked for anew. */
const WITHOUT_STREAM_MS = 5_000;

/** How far a campaign has come: asked for once, and moved on by the live stream while it runs. */
export function useCampaign(id: string) {
  const queries = useQueryClient();
  const isLive = useLive((picture) => picture.campaigns !== null);
  const live = useLive((picture) => picture.campaigns?.find((one) => one.id === id));
  const state = live?.state;
  const asked = useQuery({
    queryKey: ["campaign", id],
    queryFn: ({ signal }) => ask(api.GET("/api/v1/campaigns/{id}/statistics", { signal, params: { path: { id } } })),
    refetchInterval: isLive ? false : WITHOUT_STREAM_MS,
  });
  // biome-ignore lint/correctness/useExhaustiveDependencies: begun, paused or over: what the stream does not say is another
  useEffect(() => {
    if (isLive) void queries.invalidateQueries({ queryKey: ["campaign", id] });
  }, [queries, id, isLive, state]);
  return { ...asked, data: asked.data && live ? toLive(asked.data, live) : asked.data };
}

function toLive(asked: Statistics, { state, contacts, by_disposition }: Schemas["LiveCampaign"]): Statistics {
  const processed = contacts.completed + contacts.failed + contacts.skipped;
  return { ...asked, campaign: { ...asked.campaign, state, contacts }, processed, by_disposition };
}
