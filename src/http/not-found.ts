import type { FastifyReply, FastifyRequest } from "fastify";
import { AppError } from "../core/errors.ts";
import type { App } from "./app-instance.ts";
import { sendProblem } from "./errors.ts";
import type { RateLimits } from "./rate-limits.ts";

interface Place {
  pattern: RegExp;
  methods: Set<string>;
}

/** Tells "nothing is here" (404) from "not with this method" (405, with Allow). Install before any route. */
export function installNotFound(app: App, limits: RateLimits): void {
  const places = new Map<string, Place>();
  app.addHook("onRoute", ({ url, method }) => {
    const place = places.get(url) ?? { pattern: toPattern(url), methods: new Set() };
    for (const name of [method].flat()) place.methods.add(name);
    places.set(url, place);
  });
  app.setNotFoundHandler(
    limits.addressPerMinute > 0 ? { preHandler: app.rateLimit() } : {},
    (request: FastifyRequest, reply: FastifyReply): FastifyReply => {
      const path = request.url.split("?", 1)[0] ?? "";
      const methods = [...places.values()].filter(({ pattern }) => pattern.test(path)).flatMap((p) => [...p.methods]);
      if (methods.length === 0)
        return sendProblem(request, reply, new AppError("not_found", "There is nothing at this address."));
      const allowed = [...new Set(methods)].sort().join(", ");
      void reply.header("allow", allowed);
      return sendProblem(request, reply, new AppError("method_not_allowed", `This address takes ${allowed}.`));
    },
  );
}

/** `/calls/:id` matches `/calls/7`; `*` matches the rest of the path. */
function toPattern(url: string): RegExp {
  const source = url
    .replaceAll(/[.+?^${}()|[\]\\]/g, "\\$&")
    .replaceAll(/:[A-Za-z_]\w*/g, "[^/]+")
    .replaceAll("*", ".*");
  return new RegExp(`^${source}$`);
}
