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
  cdr: CdrSettings;
  /** Spool folder of an Asterisk on Enlace's machine: `/var/spool/asterisk`; `null`: no call files. */
  spoolFolder?: string | null;
  origin: "environment" | "api";
  enabled: boolean;
  /** ISO 3166-1 alpha-2 of the tenant, for numbers without a country code. */
  country: string;
  /** Peer name → extension. */
  extensions: ReadonlyMap<string, string>;
}

/** A PBX that only posts events, as far as its call records are concerned. Never logged. */
export type UnheardPbxRecord = Pick<
  PbxRecord,
  "tenantId" | "id" | "name" | "timeZone" | "callIdPrefix" | "trunks" | "cdr" | "origin" | "country" | "extensions"
>;

/** Where the files of a PBX's recordings are found; at least one of the two places is given. */
export interface RecordingPlaces {
  /** Folder of this machine in which the PBX's own folder can be read. */
  folder: string | null;
  /** The same folder as the PBX calls it: what stands before the names it tells. */
  pbxFolder: string;
  /** `https://pbx.example.test/monitor/${year}/${month}/${day}/${file}` */
  url: string | null;
}

/** A PBX as far as its recordings are concerned. */
export interface RecordingPbx {
  tenantId: TenantId;
  id: string;
  name: string;
  timeZone: string;
  callIdPrefix: string;
  /** Authority of its certificates, PEM; `null` trusts the system's. */
  tlsCa: string | null;
  recordings: RecordingPlaces;
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

/**
 * Where a PBX keeps its call detail records. `ami`: it tells them over AMI (cdr_manager); `mysql`: table `cdr` of FreePBX and
 * Issabel, for an account that may only read; `csv`: Master.csv, or its folder, on the machine of Enlace.
 */
export type CdrSettings =
  | { kind: "none" }
  | { kind: "ami" }
  | { kind: "mysql"; host: string; port: number; database: string; user: string; password: string }
  | { kind: "csv"; path: string };
