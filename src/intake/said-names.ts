import type { AcceptItem } from "./accept.ts";
import type { JoinRequest } from "./identity-join.ts";

/** Prefix of the call ids of the PBX of that name, or of the tenant's only one; `undefined` when nobody can tell. */
export type PrefixOf = (pbx: string | undefined) => string | undefined;

/** Reads which names a fact says its call has. */
export function toJoinRequest({ tenant, callUuid: own, fact, raw }: AcceptItem, prefixOf: PrefixOf): JoinRequest {
  const common = { tenantId: tenant.id, own };
  if (fact.source === "webhook")
    return { ...common, source: "webhook", ids: toWebhookIds(own, raw, prefixOf(fact.pbx)) };
  if (fact.source !== "ami") return { ...common, source: "other", ids: [] };
  const prefix = prefixOf(fact.pbx) ?? "";
  return {
    ...common,
    source: "ami",
    ids: toLegs(fact)
      .map((leg) => `${prefix}${leg}`)
      .filter((id) => id !== own),
  };
}

/** Keys of AMI facts are `ami:<channel>:<what>`; rings and talks go by their channel, too. */
function toLegs({ key, details }: AcceptItem["fact"]): string[] {
  const ids = [
    key.split(":")[1],
    ...(details?.rings ?? []).map(({ id }) => id),
    ...(details?.talks ?? []).map(({ id }) => id),
  ];
  return [...new Set(ids.flatMap((id) => /^\d{9,10}\.\d+/.exec(id ?? "")?.[0] ?? []))];
}

const NAMED = /"(?:uniqueid|unique_id|linkedid|linked_id)"\s*:/i;
const UNIQUE_ID = /^[A-Za-z0-9._-]{1,60}$/;

/** Beside its call_uuid a post may say Asterisk's `uniqueid` and `linkedid`; or the call_uuid is one. */
function toWebhookIds(own: string, raw: string, prefix = ""): string[] {
  const ids = NAMED.test(raw) ? readIds(raw) : [];
  if (prefix !== "" && /^\d{9,10}\.\d+$/.test(own)) ids.push(own);
  return [...new Set(ids.map((id) => `${prefix}${id}`))].filter((id) => id !== own);
}

function readIds(raw: string): string[] {
  const body: unknown = JSON.parse(raw);
  if (typeof body !== "object" || body === null) return [];
  return Object.entries(body).flatMap(([name, value]) => {
    const isNamed = /^(uniqueid|linkedid)$/.test(name.toLowerCase().replaceAll("_", ""));
    const id = typeof value === "string" || typeof value === "number" ? String(value).trim() : "";
    return isNamed && UNIQUE_ID.test(id) ? [id] : [];
  });
}
