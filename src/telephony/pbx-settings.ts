import { isIP, type LookupFunction } from "node:net";
import type { CdrSettings, PbxRecord, UnheardPbxRecord } from "../core/pbx-record.ts";
import { type AllowedTargets, createGuardedLookup, isAllowedAddress, RefusedAddress } from "../kit/address-guard.ts";
import type { PbxSettings } from "./pbx.ts";
import type { CdrPlace } from "./reconcile/cdr-source.ts";
import type { RecordedPbx } from "./reconcile/recorded-pbx.ts";

/** The PBX of the environment is the operator's own and may be anywhere, this very machine above all. */
const OPERATORS: AllowedTargets = { private: true, loopback: true };

/**
 * Makes settings of what tenants store. Throws `RefusedAddress` for a host that this installation does not let tenants
 * reach; what a host name resolves to is judged at every connection. The same record gives deeply equal settings.
 */
export function createToPbxSettings(allowTargets: AllowedTargets): (record: PbxRecord) => PbxSettings {
  const guards = createGuards(allowTargets);
  return (record) => {
    const { id, name, tenantId, country, timeZone, callIdPrefix, extensions, trunks, dial, spoolFolder } = record;
    const { host, port, username, secret } = record;
    const { allowed, lookup } = guards[record.origin];
    if (isIP(host) !== 0 && !isAllowedAddress(host, allowed))
      // sockets look nothing up then
      throw new RefusedAddress(`${host} is an address that this installation does not let its tenants reach`);
    const tls = record.tls ? { tls: record.tlsCa === null ? {} : { ca: record.tlsCa } } : {};
    return {
      ...{ id, name, tenantId, country, timeZone, callIdPrefix, extensions, dial },
      spoolFolder: spoolFolder ?? null,
      cdr: toCdrPlace(record.cdr, { allowed, lookup }),
      address: { host, port, username, secret, lookup, ...tls },
      trunks: new Set(trunks),
    };
  };
}

/** The same of a PBX that only posts events. */
export function createToRecordedPbx(allowTargets: AllowedTargets): (record: UnheardPbxRecord) => RecordedPbx {
  const guards = createGuards(allowTargets);
  return ({ origin, trunks, cdr, ...record }) => ({
    ...record,
    trunks: new Set(trunks),
    cdr: toCdrPlace(cdr, guards[origin]),
  });
}

const createGuards = (allowTargets: AllowedTargets) => ({
  environment: { allowed: OPERATORS, lookup: createGuardedLookup(OPERATORS) },
  api: { allowed: allowTargets, lookup: createGuardedLookup(allowTargets) },
});

/** Records behind a forbidden address leave the PBX without them, not without its calls. */
function toCdrPlace(
  cdr: CdrSettings,
  { allowed, lookup }: { allowed: AllowedTargets; lookup: LookupFunction },
): CdrPlace {
  if (cdr.kind !== "mysql") return cdr;
  if (isIP(cdr.host) === 0 || isAllowedAddress(cdr.host, allowed)) return { ...cdr, lookup };
  return { kind: "none", problem: `${cdr.host} is an address that this installation does not let its tenants reach` };
}
