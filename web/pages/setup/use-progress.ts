import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api, ask } from "../../api/client.ts";
import { STEPS, type Step } from "./setup-steps.ts";

const PASSED = "enlace.setupPassed";

/**
 * Which steps are done: that the call centre was described, and that a PBX, a CRM and a call are there, the server knows; that
 * somebody has passed a step by, this browser remembers.
 */
export function useProgress() {
  const [passed, setPassed] = useState<readonly Step[]>(readPassed);
  const tenant = useQuery({
    queryKey: ["tenant"],
    queryFn: ({ signal }) => ask(api.GET("/api/v1/tenant", { signal })),
  });
  const pbxs = useQuery({ queryKey: ["pbxs"], queryFn: ({ signal }) => ask(api.GET("/api/v1/pbxs", { signal })) });
  const connections = useQuery({
    queryKey: ["connections"],
    queryFn: ({ signal }) => ask(api.GET("/api/v1/connections", { signal })),
  });
  const calls = useQuery({
    queryKey: ["calls", "any"],
    queryFn: ({ signal }) => ask(api.GET("/api/v1/calls", { signal, params: { query: { limit: 1 } } })),
  });
  const isThere: Record<Step, boolean> = {
    tenant: tenant.data !== undefined && tenant.data.updated_at !== tenant.data.created_at,
    pbx: (pbxs.data?.items.length ?? 0) > 0,
    crm: (connections.data?.items.length ?? 0) > 0,
    trial: (calls.data?.items.length ?? 0) > 0,
  };
  return {
    /** Whether everything has answered. */
    isKnown: [tenant, pbxs, connections, calls].every(({ isPending }) => !isPending),
    isDone: (step: Step): boolean => isThere[step] || passed.includes(step),
    remember: (step: Step): void => {
      const next = [...new Set([...passed, step])];
      localStorage.setItem(PASSED, next.join(" "));
      setPassed(next);
    },
  };
}

function readPassed(): Step[] {
  const words = (localStorage.getItem(PASSED) ?? "").split(" ");
  return STEPS.filter((step) => words.includes(step));
}
