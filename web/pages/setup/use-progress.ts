import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api, ask } from "../../api/client.ts";
import { STEPS, type Step } from "./setup-steps.ts";

const PASSED = "enlace.setupPassed";

/** Which steps are done: a PBX, a CRM and a call are there or not; that somebody has looked at a step the browser remembers. */
export function useProgress() {
  const [passed, setPassed] = useState<readonly Step[]>(readPassed);
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
    tenant: false,
    pbx: (pbxs.data?.items.length ?? 0) > 0,
    crm: (connections.data?.items.length ?? 0) > 0,
    trial: (calls.data?.items.length ?? 0) > 0,
  };
  return {
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
