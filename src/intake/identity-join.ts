import type { CallName } from "./identity-store.ts";

/** What a source calls a call, and which other names it says with it. */
export interface JoinRequest {
  tenantId: CallName["tenantId"];
  /** The call_uuid under which the fact was told. */
  own: string;
  /** Unique ids of channels and the like, with the prefix of their PBX. */
  ids: readonly string[];
  /** `ami` knows by itself which channels are one call; `webhook` is believed; others ask and say nothing. */
  source: "ami" | "webhook" | "other";
}

export interface Joined {
  /** The name under which the fact is to be told. */
  callUuid: string;
  /** Names nobody knew yet. */
  names: readonly CallName[];
  /** The call `own` was, or would have been, is this one. */
  isRenamed: boolean;
}

/**
 * Decides which call is meant. Pure. `known` holds what is known of `own` and `ids`. Whoever names what another source named
 * before joins that call: the one that was there first keeps its name, and with it its records.
 */
export function joinNames(
  { tenantId, own, ids, source }: JoinRequest,
  known: ReadonlyMap<string, Pick<CallName, "callUuid" | "source">>,
): Joined {
  const current = known.get(own)?.callUuid ?? own;
  const others = ids.flatMap((id) => {
    const name = known.get(id);
    const isOwnOpinion = source === "ami" && (name?.source === "leg" || name?.source === "ami");
    return name === undefined || isOwnOpinion || name.callUuid === current ? [] : [name.callUuid];
  });
  const callUuid = others[0] ?? current;
  return { callUuid, names: toNames({ tenantId, own, ids, source }, known, callUuid), isRenamed: callUuid !== current };
}

function toNames(
  { tenantId, own, ids, source }: JoinRequest,
  known: ReadonlyMap<string, unknown>,
  callUuid: string,
): CallName[] {
  if (source === "other" || (source === "webhook" && ids.length === 0)) return [];
  const said = new Map<string, string>(ids.map((id) => [id, source === "ami" ? "leg" : source]));
  said.set(own, source);
  const news = [...said].filter(([alias]) => !known.has(alias));
  return news.map(([alias, by]) => ({ tenantId, alias, callUuid, source: by }));
}
