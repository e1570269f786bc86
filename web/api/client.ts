import createClient, { type FetchResponse } from "openapi-fetch";
import { ApiProblem, toRefusal } from "./problem.ts";
import type { paths } from "./schema.gen.ts";
import { loadToken, refresh } from "./session.ts";

/** The HTTP API, typed by openapi.json. Wrap calls in `ask`, which throws what the server refuses. */
export const api = createClient<paths>({ baseUrl: location.origin, fetch: fetchSigned });

/** A token may be ended on the server before its time: then one fresh one is tried. */
export async function fetchSigned(request: Request): Promise<Response> {
  const again = request.clone();
  const response = await fetch(await sign(request));
  if (response.status !== 401 || !(await refresh())) return response;
  return await fetch(await sign(again));
}

async function sign(request: Request): Promise<Request> {
  const token = await loadToken();
  if (token === null) throw new ApiProblem({ code: "unauthenticated" });
  request.headers.set("authorization", `Bearer ${token}`);
  return request;
}

/** The answer's data; throws ApiProblem otherwise. */
// biome-ignore lint/suspicious/noExplicitAny: the types of openapi-fetch take any operation and media type here
export async function ask<R extends FetchResponse<any, any, any>>(
  answer: Promise<R>,
): Promise<Exclude<R["data"], undefined>> {
  const { data, error, response } = await answer;
  if (!response.ok) throw toRefusal(response, error);
  return data as Exclude<R["data"], undefined>;
}
