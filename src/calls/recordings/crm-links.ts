import { isIP } from "node:net";
import type { Call } from "../../core/call.ts";
import type { RowId, TenantId } from "../../core/ids.ts";
import { isAllowedAddress } from "../../kit/address-guard.ts";
import type { Clock } from "../../kit/clock.ts";
import type { Database } from "../../kit/postgres/database.ts";
import type { RecordingLinks } from "./links.ts";
import { type RecordingSettings, toEndOfKeeping } from "./settings.ts";
import { loadReadyCalls } from "./store.ts";

/** A call as the way out takes it. */
interface Subject {
  tenantId: TenantId;
  callId: RowId;
  call: Call;
}

export interface CrmLinksOptions {
  database: Database;
  links: Pick<RecordingLinks, "forCrm">;
  loadSettings(tenantId: TenantId): Promise<RecordingSettings>;
  clock: Clock;
  publicUrl: string;
  /** Whether somebody said what it is: a link to an address that was guessed is worth less than what the PBX told. */
  isPublicUrlGiven: boolean;
}

/** What a call says of a recording that Enlace found: people with an account open it, CRMs get a link in its place. */
export function toOwnAddress(publicUrl: string, callId: RowId): string {
  return `${publicUrl}/api/v1/calls/${callId}/recording`;
}

/**
 * Puts links in place of addresses that CRMs cannot or shall not open. What an event told stays as it is by default, unless
 * it is an address that only the PBX's own network knows.
 */
export function createCrmLinks(options: CrmLinksOptions) {
  const { database, links, loadSettings, clock, publicUrl, isPublicUrlGiven } = options;

  const isOwn = ({ callId, call }: Subject): boolean => call.recordingUrl === toOwnAddress(publicUrl, callId);

  async function wantsLink(subject: Subject): Promise<boolean> {
    const url = subject.call.recordingUrl;
    if (url === null) return false;
    if (isOwn(subject)) return true;
    if ((await loadSettings(subject.tenantId)).crmLink === "enlace") return true;
    return isPublicUrlGiven && !isPublicAddress(url);
  }

  async function toLink({ tenantId, callId, call }: Subject): Promise<string | null> {
    const expiresAt = toEndOfKeeping(call.endedAt ?? call.startedAt, await loadSettings(tenantId));
    return expiresAt > clock.now() ? links.forCrm({ tenantId, callId }, expiresAt) : null;
  }

  return async <S extends Subject>(subjects: readonly S[]): Promise<S[]> => {
    const wanted = await Promise.all(subjects.map(wantsLink));
    const own = subjects.filter((subject, index) => wanted[index] && isOwn(subject));
    const ready = own.length === 0 ? new Set<RowId>() : await loadReadyCalls(database.sql, own);
    return Promise.all(
      subjects.map(async (subject, index) => {
        if (!wanted[index]) return subject;
        const isThere = !isOwn(subject) || ready.has(subject.callId);
        return { ...subject, call: { ...subject.call, recordingUrl: isThere ? await toLink(subject) : null } };
      }),
    );
  };
}

/** Could people outside the PBX's network open it? Told by the look of it: nothing is resolved. Pure. */
export function isPublicAddress(text: string): boolean {
  const url = URL.parse(text);
  if (url === null || !/^https?:$/.test(url.protocol)) return false;
  const host = url.hostname.replace(/^\[(.*)\]$/, "$1");
  if (isIP(host) !== 0) return isAllowedAddress(host, { private: false, loopback: false });
  return host.includes(".") && !/\.(local|lan|internal|intranet|home|corp|localdomain|home\.arpa)\.?$/i.test(host);
}
