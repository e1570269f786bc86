// The lists that several screens of the dialer choose from, each asked for once.
import { useQuery } from "@tanstack/react-query";
import { api, ask } from "../../api/client.ts";
import { useMay } from "../../ui/current-user.ts";

/** As many as a page of the API holds: enough to choose from. */
const CHOICES_MAX = 200;
const query = { limit: CHOICES_MAX };

export function useProjects() {
  return useQuery({
    queryKey: ["projects"],
    queryFn: ({ signal }) => ask(api.GET("/api/v1/projects", { signal, params: { query } })),
  });
}

export function useCampaigns() {
  return useQuery({
    queryKey: ["campaign-choices"],
    queryFn: ({ signal }) => ask(api.GET("/api/v1/campaigns", { signal, params: { query } })),
  });
}

export function useTrunks() {
  return useQuery({
    queryKey: ["trunks"],
    queryFn: ({ signal }) => ask(api.GET("/api/v1/trunks", { signal, params: { query } })),
  });
}

export function useAudios() {
  return useQuery({
    queryKey: ["audios"],
    queryFn: ({ signal }) => ask(api.GET("/api/v1/audios", { signal, params: { query } })),
  });
}

export function usePolicies() {
  return useQuery({
    queryKey: ["policies"],
    queryFn: ({ signal }) => ask(api.GET("/api/v1/dialer/policies", { signal, params: { query } })),
  });
}

export function usePbxs() {
  const may = useMay();
  return useQuery({
    queryKey: ["pbxs"],
    queryFn: ({ signal }) => ask(api.GET("/api/v1/pbxs", { signal })),
    enabled: may("GET /api/v1/pbxs"),
  });
}

/** Names by id; an id without one is shown as it is. */
export function toNames(items: readonly { id: string; name: string }[] | undefined): (id: string) => string {
  const names = new Map(items?.map(({ id, name }) => [id, name]));
  return (id) => names.get(id) ?? id;
}
