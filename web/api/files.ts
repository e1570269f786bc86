// Files on their way to the server and back: what openapi-fetch does not do.
import { ApiProblem, toRefusal } from "./problem.ts";
import { loadToken } from "./session.ts";

/** Sends a form with a file in it; the answer's data. `onSent` hears which share is on its way (0 to 1). Throws ApiProblem. */
export async function sendForm<T>(path: string, form: FormData, onSent?: (share: number) => void): Promise<T> {
  const headers = await toHeaders();
  const response = await send(path, { form, headers, ...(onSent && { onSent }) });
  const body: unknown = await response.json().catch(() => null); // a proxy's refusal is not JSON
  if (!response.ok) throw toRefusal(response, body);
  return body as T;
}

interface Sending {
  form: FormData;
  headers: Record<string, string>;
  onSent?: (share: number) => void;
}

/** By the older way, since `fetch` does not tell how far it has come. */
function send(path: string, { form, headers, onSent }: Sending): Promise<Response> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", path);
    request.responseType = "blob";
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
    request.upload.onprogress = ({ loaded, total }) => onSent?.(total > 0 ? loaded / total : 0);
    request.onload = () => {
      const requestId = request.getResponseHeader("x-request-id");
      const init = { status: request.status, headers: { ...(requestId && { "x-request-id": requestId }) } };
      resolve(new Response(request.response as Blob, init));
    };
    request.onerror = () => reject(new TypeError("The connection broke."));
    request.send(form);
  });
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
