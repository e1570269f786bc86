import type { TenantId } from "../core/ids.ts";
import type { Log } from "../kit/log.ts";
import type { AgiChannel } from "./agi/channel.ts";

/*
 * FastAGI, by script: `AGI(agi://enlace.example.test/redirect?token=…)` in a dialplan runs the handler `redirect` for the PBX
 * the session belongs to. Asterisk says nothing of itself, so the PBX is told by, in this order,
 *
 *   token=…  in the URL, or an argument `token=…`: the PBX it was given to, from wherever it calls
 *   pbx=…    in the URL or an argument: the PBX of this id or name, among those at the address that calls
 *   the address that calls, when one PBX alone is reached there
 *   being the only PBX of this installation
 *
 * A session of no PBX runs nothing. The server's allow-list has been asked before.
 */

/** Whose call it is. */
export interface AgiPbx {
  tenantId: TenantId;
  id: string;
  name: string;
  /** Stands before a Uniqueid to make the call's `call_uuid`. */
  callIdPrefix: string;
}

/** One script from its beginning to its end; when it settles, the dialplan goes on. A hangup may reject it. */
export type AgiHandler = (agi: AgiChannel, pbx: AgiPbx) => Promise<void>;

/** By the path of `agi://host/<script>`. */
export type AgiRoutes = Readonly<Record<string, AgiHandler>>;

export interface AgiRouterOptions {
  routes: AgiRoutes;
  /** Every PBX that this process knows, with the addresses its host stands for. */
  listPbxs(): Promise<readonly (AgiPbx & { addresses: readonly string[] })[]>;
  /** `undefined`: the token is nobody's. */
  findPbxByToken(token: string): Promise<AgiPbx | undefined>;
  log: Log;
}

export interface AgiRouter {
  /** For the server's `onCall`. */
  run(agi: AgiChannel, address: string): Promise<void>;
  counters(): Record<"served" | "no_script" | "no_pbx", number>;
}

export function createAgiRouter({ routes, listPbxs, findPbxByToken, log }: AgiRouterOptions): AgiRouter {
  const counters = { served: 0, no_script: 0, no_pbx: 0 };

  async function findPbx(agi: AgiChannel, address: string): Promise<AgiPbx | undefined> {
    const token = read(agi, "token");
    if (token !== undefined) return findPbxByToken(token);
    const all = await listPbxs();
    const near = all.filter(({ addresses }) => addresses.includes(address));
    const named = read(agi, "pbx");
    if (named !== undefined) return near.find(({ id, name }) => id === named || name === named);
    if (near.length > 0) return near.length === 1 ? near[0] : undefined;
    return all.length === 1 ? all[0] : undefined;
  }

  return {
    run: async (agi, address) => {
      const handler = Object.hasOwn(routes, agi.script) ? routes[agi.script] : undefined;
      const pbx = handler && (await findPbx(agi, address));
      if (handler && pbx) {
        counters.served++;
        await handler(agi, pbx);
        return;
      }
      const why = handler ? "no_pbx" : "no_script";
      counters[why]++;
      log.warn({ script: agi.script.slice(0, 80), address, why }, "agi.not_served");
      await agi.setVariable("ENLACE_AGI", why); // for the dialplan: AGISTATUS is SUCCESS, because we did answer
    },
    counters: () => ({ ...counters }),
  };
}

/** `token=…` of the URL, or of an argument, which a dialplan can keep out of its logs of URLs. */
function read(agi: AgiChannel, name: string): string | undefined {
  const given = agi.query.get(name) ?? agi.args.find((arg) => arg.startsWith(`${name}=`))?.slice(name.length + 1);
  return given || undefined;
}
