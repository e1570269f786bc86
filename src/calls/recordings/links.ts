import { createHmac } from "node:crypto";
import { sql } from "kysely";
import type { RowId, TenantId } from "../../core/ids.ts";
import type { Clock } from "../../kit/clock.ts";
import type { Database, Sql } from "../../kit/postgres/database.ts";
import { newSecret, type Random } from "../../kit/random.ts";
import { toSecretHash } from "../../kit/same-secret.ts";
import { deriveKey } from "../../kit/secret-box.ts";

/**
 * Links that open one recording to whoever has them, until they expire or are revoked: `<public URL>/r/<token>`. Only a hash
 * of a token is stored. CRMs get the same link at every delivery of a call, so theirs is computed from the installation's
 * secret; after a revocation it is another one.
 */
export interface RecordingLinks {
  /** The link of a call for its CRMs. */
  forCrm(call: CallRef, expiresAt: Date): Promise<string>;
  /** A new one that a person asked for. `on` is the transaction that also writes who did. */
  create(on: Sql, call: CallRef, wanted: { createdBy: string; expiresAt: Date }): Promise<{ id: RowId; url: string }>;
  /** `null` when it never was, or is not good any more. */
  find(token: string): Promise<FoundLink | null>;
  /** All of a call. Returns how many were good until now. */
  revokeAll(on: Sql, call: CallRef): Promise<number>;
}

export interface CallRef {
  tenantId: TenantId;
  callId: RowId;
}

export interface FoundLink extends CallRef {
  id: RowId;
  purpose: "crm" | "person";
}

/** 144 bits, 24 characters: with "/r/" they leave 93 characters of 120 to the public URL. */
const TOKEN_BYTES = 18;
const TOKEN = /^[A-Za-z0-9_-]{24}$/;

export interface RecordingLinksOptions {
  database: Database;
  clock: Clock;
  random: Random;
  /** ENLACE_SECRET. */
  secret: string;
  publicUrl: string;
}

export function createRecordingLinks(options: RecordingLinksOptions): RecordingLinks {
  const { database, clock, random, secret, publicUrl } = options;
  const key = deriveKey(secret, "recording-link");
  const toUrl = (token: string): string => `${publicUrl}/r/${token}`;

  /** `generation` grows with each revocation. */
  const toCrmToken = ({ tenantId, callId }: CallRef, generation: number): string =>
    createHmac("sha256", key)
      .update(`${tenantId}:${callId}:${generation}`)
      .digest()
      .subarray(0, TOKEN_BYTES)
      .toString("base64url");

  return {
    forCrm: async (call, expiresAt) => {
      const token = toCrmToken(call, await countRevoked(database.sql, call));
      const link = { token, purpose: "crm", createdBy: "enlace", expiresAt } as const;
      await saveLink(database.sql, call, { ...link, createdAt: clock.now() });
      return toUrl(token);
    },
    create: async (on, call, { createdBy, expiresAt }) => {
      const token = newSecret(random, TOKEN_BYTES);
      const link = { token, purpose: "person", createdBy, expiresAt } as const;
      const id = await saveLink(on, call, { ...link, createdAt: clock.now() });
      return { id, url: toUrl(token) };
    },
    find: async (token) => {
      if (!TOKEN.test(token)) return null;
      const { rows } = await sql<FoundLink>`
        select tenant_id as "tenantId", call_id as "callId", id, purpose from recording_links
         where token_hash = ${toSecretHash(token)} and revoked_at is null and expires_at > ${clock.now()}`.execute(
        database.sql,
      );
      return rows[0] ?? null;
    },
    revokeAll: async (on, { tenantId, callId }) => {
      const now = clock.now();
      const { rows } = await sql<{ wasGood: boolean }>`
        update recording_links set revoked_at = ${now}
         where tenant_id = ${tenantId} and call_id = ${callId} and revoked_at is null
        returning expires_at > ${now} as "wasGood"`.execute(on);
      return rows.filter(({ wasGood }) => wasGood).length;
    },
  };
}

async function countRevoked(from: Sql, { tenantId, callId }: CallRef): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    select count(*)::int as count from recording_links
     where tenant_id = ${tenantId} and call_id = ${callId} and purpose = 'crm' and revoked_at is not null`.execute(
    from,
  );
  return rows[0]?.count ?? 0;
}

interface NewLink {
  token: string;
  purpose: FoundLink["purpose"];
  createdBy: string;
  createdAt: Date;
  expiresAt: Date;
}

/** Of a CRM's link that is there already only the end may change. */
async function saveLink(on: Sql, { tenantId, callId }: CallRef, link: NewLink): Promise<RowId> {
  const { rows } = await sql<{ id: RowId }>`
    insert into recording_links (tenant_id, call_id, token_hash, purpose, created_by, created_at, expires_at)
    values (${tenantId}, ${callId}, ${toSecretHash(link.token)}, ${link.purpose}, ${link.createdBy}, ${link.createdAt},
            ${link.expiresAt})
    on conflict (token_hash) do update set expires_at = excluded.expires_at returning id`.execute(on);
  if (!rows[0]) throw new Error("an insert without a row");
  return rows[0].id;
}
