// Who uses the console. The access token lives in this module's memory and nowhere else; the refresh token is a cookie that
// no script can read. A mark in localStorage only says that asking for a refresh is worth while.
import { toRefusal } from "./problem.ts";
import { ACCESS, type paths, type Schemas } from "./schema.gen.ts";

export type Me = paths["/api/v1/me"]["get"]["responses"][200]["content"]["application/json"];
export type Role = Schemas["User"]["role"];
type Opened = paths["/api/v1/login"]["post"]["responses"][200]["content"]["application/json"];

const MARK = "enlace.session";
const LOCK = "enlace.refresh";
/** A token is changed this long before it runs out, so that no request is refused in between. */
const EARLY_MS = 30_000;

let token: { text: string; expiresAtMs: number } | null = null;
let me: Me | null = null;
let refreshing: Promise<boolean> | null = null;
const listeners = new Set<() => void>();
/** Tabs tell each other when somebody signs in or out, so that none shows another person's calls. */
const tabs = new BroadcastChannel("enlace.session");
tabs.onmessage = () => location.reload();

export function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export const currentMe = (): Me | null => me;

/** The token to send, a fresh one if need be; `null` when nobody is signed in. */
export async function loadToken(): Promise<string | null> {
  if (token && token.expiresAtMs - Date.now() > EARLY_MS) return token.text;
  return (await refresh()) && token ? token.text : null;
}

/** Asks for a new token; `false` when the session is over. Requests that come meanwhile share the one question. */
export function refresh(): Promise<boolean> {
  refreshing ??= oneTabAtATime(askForToken).finally(() => {
    refreshing = null;
  });
  return refreshing;
}

/** A refresh token is good once, and for a second tab some seconds more: where there are locks (https, localhost), tabs take turns. */
function oneTabAtATime(work: () => Promise<boolean>): Promise<boolean> {
  return "locks" in navigator ? navigator.locks.request(LOCK, work) : work();
}

async function askForToken(): Promise<boolean> {
  if (localStorage.getItem(MARK) === null) return false;
  const response = await fetch("/api/v1/refresh", { method: "POST" });
  if (response.ok) {
    keep((await response.json()) as Opened);
    return true;
  }
  if (response.status === 401 || response.status === 403) {
    forget();
    return false;
  }
  throw toRefusal(response, await response.json().catch(() => null));
}

/** Throws ApiProblem: `unauthenticated` for a wrong name or password, `rate_limited` after many tries. */
export async function signIn(username: string, password: string): Promise<Me> {
  const response = await fetch("/api/v1/login", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ username, password }),
  });
  if (!response.ok) throw toRefusal(response, await response.json().catch(() => null));
  keep((await response.json()) as Opened);
  localStorage.setItem(MARK, "1");
  tabs.postMessage("in");
  return await reloadMe();
}

export async function signOut(): Promise<void> {
  const authorization = token ? { authorization: `Bearer ${token.text}` } : undefined;
  const response = await fetch("/api/v1/logout", { method: "POST", ...(authorization && { headers: authorization }) });
  if (!response.ok) throw toRefusal(response, await response.json().catch(() => null));
  forget();
  tabs.postMessage("out");
}

/** Who is signed in, `null` for nobody. Asks the server only once. */
export async function loadMe(): Promise<Me | null> {
  if (me) return me;
  if ((await loadToken()) === null) return null;
  return await reloadMe();
}

export async function reloadMe(): Promise<Me> {
  const text = await loadToken();
  const response = await fetch("/api/v1/me", { headers: { authorization: `Bearer ${text}` } });
  if (!response.ok) throw toRefusal(response, await response.json().catch(() => null));
  me = (await response.json()) as Me;
  tell();
  return me;
}

/** Roles that a role may stand in for; the server decides, this only hides what it would refuse. */
const STANDS_FOR: Record<Role, readonly string[]> = {
  admin: ["admin", "supervisor", "agent", "viewer"],
  supervisor: ["supervisor", "agent", "viewer"],
  agent: ["agent"],
  viewer: ["viewer"],
};

export type OperationName = keyof typeof ACCESS;

export function may(who: Me | null, operation: OperationName): boolean {
  if (!who?.role) return false;
  const roles: readonly string[] = ACCESS[operation];
  if (roles.includes("operator")) return who.is_operator;
  return STANDS_FOR[who.role].some((role) => roles.includes(role));
}

function keep(opened: Opened): void {
  token = { text: opened.token, expiresAtMs: Date.parse(opened.token_expires_at) };
}

function forget(): void {
  token = null;
  me = null;
  localStorage.removeItem(MARK);
  tell();
}

function tell(): void {
  for (const listener of listeners) listener();
}
