import type { TenantId } from "./ids.ts";

/** A tenant's PBX with its secret opened, and what its tenant knows about its phones. Never logged. */
export interface PbxRecord {
  tenantId: TenantId;
  /** Decimal text. */
  id: string;
  name: string;
  host: string;
  port: number;
  tls: boolean;
  /** PEM; `null` trusts the system's authorities. */
  tlsCa: string | null;
  username: string;
  secret: string;
  /** IANA zone in which it writes its times. */
  timeZone: string;
  callIdPrefix: string;
  trunks: readonly string[];
  dial: DialSettings;
  origin: "environment" | "api";
  enabled: boolean;
  /** ISO 3166-1 alpha-2 of the tenant, for numbers without a country code. */
  country: string;
  /** Peer name → extension. */
  extensions: ReadonlyMap<string, string>;
}

/** How a PBX is told to ring a phone and, once somebody answered there, to dial a number. */
export interface DialSettings {
  /** Channel of a phone: `PJSIP/${extension}`. */
  extension: string;
  /** Context of the dialplan that dials numbers for phones. */
  context: string;
  /** What a phone dials for an outside number: `${number}`, `9${number}`. */
  number: string;
  /** What the placeholder stands for. `local`: as one dials it in the tenant's country; `e164`: `+34…`. */
  form: "local" | "e164";
}
