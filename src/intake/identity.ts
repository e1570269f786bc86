import { AppError } from "../core/errors.ts";
import type { TenantId } from "../core/ids.ts";
import { createBatcher } from "../kit/batcher.ts";
import { createCache } from "../kit/cache.ts";
import type { Clock } from "../kit/clock.ts";
import type { Database } from "../kit/postgres/database.ts";
import type { Listener } from "../kit/postgres/listener.ts";
import type { Accept, AcceptItem } from "./accept.ts";
import { type JoinRequest, joinNames } from "./identity-join.ts";
import { type CallName, loadNames, lockNames, renameCalls, saveNames } from "./identity-store.ts";
import { type PrefixOf, toJoinRequest } from "./said-names.ts";
import { isDeadlock, isStoreDown } from "./store-errors.ts";

/**
 * In front of `accept`: several sources may tell of one call, each under its own name. Here a fact is told under the name that
 * the call has, whoever was first. Tenants without a PBX have one source, and their facts pass by.
 *
 * Two calls that turn out to be one only after both were told are merged afterwards, see call-merge.ts.
 */
export interface Identity {
  accept: Accept["accept"];
  stop(): void;
}

export interface IdentityOptions {
  database: Database;
  listener: Pick<Listener, "on">;
  clock: Clock;
  accept: Accept["accept"];
  /** Prefix of the call ids of each of the tenant's PBXs, by the PBX's name; none: it has no PBX. */
  loadPrefixes(tenantId: TenantId): Promise<ReadonlyMap<string, string>>;
  /** Two calls of the log may be one. */
  onTwins(): void;
}

const PREFIXES = { ttlMs: 60_000, keysMax: 50_000 };
const REMEMBERED_MAX = 50_000;
const WAITING_MAX = 20_000;
const RETRY_SECONDS = 2;

interface Remembered {
  callUuid: string;
  ids: ReadonlySet<string>;
}

export function createIdentity(options: IdentityOptions): Identity {
  const { accept, clock, listener } = options;
  const prefixes = createCache({ ...PREFIXES, clock, load: options.loadPrefixes });
  const remembered = new Map<string, Remembered>();
  const joins = createBatcher<JoinRequest, string>({
    flush: createJoining(options),
    itemsMax: 500,
    concurrency: 1, // what one batch decides, the next one must know
    waitingMax: WAITING_MAX,
    onFull: () =>
      new AppError("unavailable", "Too many calls are waiting for the store.", { retryAfterSeconds: RETRY_SECONDS }),
  });
  const unsubscribe = [
    listener.on("call_names", () => remembered.clear()),
    listener.on("settings", () => prefixes.forgetAll()),
  ];

  function remember(key: string, { callUuid, ids }: Remembered): void {
    const known = remembered.get(key);
    remembered.delete(key);
    remembered.set(key, { callUuid, ids: new Set([...(known?.ids ?? []), ...ids]) });
    const [oldest] = remembered.keys();
    if (remembered.size > REMEMBERED_MAX && oldest !== undefined) remembered.delete(oldest);
  }

  async function nameOf(item: AcceptItem, prefixOf: PrefixOf): Promise<string> {
    const request = toJoinRequest(item, prefixOf);
    const key = `${request.tenantId} ${request.own}`;
    const known = remembered.get(key);
    if (known && request.ids.every((id) => known.ids.has(id))) return known.callUuid;
    const callUuid = await joins.add(request);
    if (request.source === "ami") remember(key, { callUuid, ids: new Set(request.ids) });
    return callUuid;
  }

  /** The item under the name that its call has. Rejects with `unavailable` when the store is away. */
  async function rename(item: AcceptItem): Promise<AcceptItem> {
    try {
      const known = await prefixes.get(item.tenant.id);
      if (known.size === 0) return item;
      const only = known.size === 1 ? [...known.values()][0] : undefined;
      const callUuid = await nameOf(item, (pbx) => known.get(pbx ?? "") ?? only);
      return callUuid === item.callUuid ? item : { ...item, callUuid };
    } catch (error) {
      throw isStoreDown(error) || isDeadlock(error) ? storeDown(error) : error;
    }
  }

  return {
    accept: async (item) => accept(await rename(item)),
    stop: () => {
      for (const end of unsubscribe) end();
      prefixes.stop();
    },
  };
}

/** Names a batch of calls: one question where everything is known, one transaction where something is new. */
function createJoining({ database, clock, onTwins }: IdentityOptions) {
  const wantedOf = (requests: readonly JoinRequest[]) =>
    requests.flatMap(({ tenantId, own, ids }) => [own, ...ids].map((alias) => ({ tenantId, alias })));

  function decide(requests: readonly JoinRequest[], rows: readonly CallName[]) {
    const known = Map.groupBy(rows, ({ tenantId }) => tenantId);
    const byTenant = new Map([...known].map(([id, names]) => [id, new Map(names.map((name) => [name.alias, name]))]));
    return requests.map((request) => {
      const names = byTenant.get(request.tenantId) ?? new Map<string, CallName>();
      byTenant.set(request.tenantId, names);
      const former = names.get(request.own)?.callUuid ?? request.own;
      const joined = joinNames(request, names);
      for (const name of joined.names) names.set(name.alias, name);
      if (joined.isRenamed)
        for (const name of names.values()) if (name.callUuid === former) name.callUuid = joined.callUuid;
      return { request, former, joined };
    });
  }

  return async (requests: readonly JoinRequest[]): Promise<string[]> => {
    const seen = decide(requests, await loadNames(database.sql, wantedOf(requests)));
    const isKnown = seen.every(({ joined }) => joined.names.length === 0 && !joined.isRenamed);
    if (isKnown) return seen.map(({ joined }) => joined.callUuid);
    const decided = await database.sql.transaction().execute(async (on) => {
      await lockNames(
        on,
        requests.map(({ tenantId }) => tenantId),
      );
      const decisions = decide(requests, await loadNames(on, wantedOf(requests)));
      const at = clock.now();
      await saveNames(
        on,
        decisions.flatMap(({ joined }) => joined.names),
        at,
      );
      for (const { request, former, joined } of decisions) {
        if (!joined.isRenamed) continue;
        const from = [...new Set([request.own, former])].filter((uuid) => uuid !== joined.callUuid);
        await renameCalls(on, request.tenantId, { from, to: joined.callUuid, at });
      }
      return decisions;
    });
    if (decided.some(({ joined }) => joined.isRenamed)) onTwins();
    return decided.map(({ joined }) => joined.callUuid);
  };
}

function storeDown(cause: unknown): AppError {
  return new AppError("unavailable", "The store does not answer; nothing was kept. Try again.", {
    retryAfterSeconds: RETRY_SECONDS,
    cause,
  });
}
