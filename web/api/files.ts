// Files on their way to the server and back: what openapi-fetch does not do.
import { ApiProblem, toRefusal } from "./problem.ts";
import { loadToken } from "./session.ts";

/** Sends a form with a file in it; the answer's data. Throws ApiProblem. */
export async function sendForm<T>(path: string, form: FormData): Promise<T> {
  const response = await fetch(path, { method: "POST", body: form, headers: await toHeaders() });
  const body: unknown = await response.json().catch(() => null); // a proxy's refusal is not JSON
  if (!response.ok) throw toRefusal(response, body);
  return body as T;
}

/** A link cannot carry the access token, so the file is fetched and handed to the browser. */
export async function saveFile(path: string, otherName: string): Promise<void> {
  const response = await fetch(path, { headers: await toHeaders() });
  if (!response.ok) throw toRefusal(response, await response.json().catch(() => null));
  const [, name = otherName] = /filename="([^"]+)"/.exec(response.headers.get("content-disposition") ?? "") ?? [];
  const url = URL.createObjectURL(await response.blob());
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  URL.revokeObjectURL(url);
}

async function toHeaders(): Promise<Record<string, string>> {
  const token = await loadToken();
  if (token === null) throw new ApiProblem({ code: "unauthenticated" });
  return { authorization: `Bearer ${token}` };
}
