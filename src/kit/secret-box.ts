import { createCipheriv, createDecipheriv, hkdfSync } from "node:crypto";
import type { TenantId } from "../core/ids.ts";
import type { Random } from "./random.ts";

/**
 * Seals small secrets for the database: AES-256-GCM, so a changed byte is noticed, with the owner as associated data, so a
 * sealed value copied to another tenant or field does not open.
 *
 * A sealed value reads `v1.<key id>.<iv>.<tag and text>`, base64url. The key comes from ENLACE_SECRET by HKDF; after a
 * change of that secret the previous ones still open what they sealed, and everything new is sealed with the new one.
 */
export interface SecretBox {
  seal(plain: string, owner: SecretOwner): string;
  /** Throws `SealError` when the value was changed, belongs to another owner, or its key is gone. */
  open(sealed: string, owner: SecretOwner): string;
}

export interface SecretOwner {
  tenantId: TenantId;
  /** What the secret is: `webhook_secret`, `connection:accessKey` … The same word opens it again. */
  field: string;
}

export interface SecretBoxOptions {
  /** ENLACE_SECRET as it is now. */
  secret: string;
  /** Earlier ones, newest first; they open, they never seal. */
  previous?: readonly string[];
  random: Random;
}

/** A sealed value that does not open. The message says which way to look, never what is inside. */
export class SealError extends Error {
  override name = "SealError";
}

interface Key {
  id: string;
  bytes: Buffer;
}

const VERSION = "v1";
const IV_BYTES = 12;
const TAG_BYTES = 16;

export function createSecretBox({ secret, previous = [], random }: SecretBoxOptions): SecretBox {
  const current = toKey(secret);
  const keys = new Map([...previous.map(toKey), current].map((key) => [key.id, key]));
  return {
    seal: (plain, owner) => sealWith(current, random.bytes(IV_BYTES), { plain, owner }),
    open: (sealed, owner) => openWith(keys, sealed, owner),
  };
}

/**
 * 32 bytes for one `purpose` (HKDF-SHA-256, RFC 5869) of the installation's secret: each purpose has its own key, and none
 * tells anything about another. Throws `RangeError` on an empty secret.
 */
export function deriveKey(secret: string, purpose: string): Buffer {
  if (secret === "") throw new RangeError("the installation's secret is empty");
  return Buffer.from(hkdfSync("sha256", secret, "enlace", purpose, 32));
}

/** Names the key of a secret without telling anything about it: what sealed values and backups carry. */
export function toKeyId(secret: string): string {
  return deriveKey(secret, "seal.id").subarray(0, 6).toString("base64url");
}

function toKey(secret: string): Key {
  return {
    id: toKeyId(secret),
    bytes: deriveKey(secret, "seal.key"),
  };
}

function sealWith(key: Key, iv: Buffer, { plain, owner }: { plain: string; owner: SecretOwner }): string {
  const cipher = createCipheriv("aes-256-gcm", key.bytes, iv).setAAD(toAssociatedData(owner));
  const text = Buffer.concat([cipher.update(plain, "utf8"), cipher.final()]);
  const body = Buffer.concat([cipher.getAuthTag(), text]);
  return [VERSION, key.id, iv.toString("base64url"), body.toString("base64url")].join(".");
}

function openWith(keys: ReadonlyMap<string, Key>, sealed: string, owner: SecretOwner): string {
  const [version, keyId, iv, body, ...rest] = sealed.split(".");
  if (version !== VERSION || !keyId || !iv || !body || rest.length > 0) throw new SealError("not a sealed value");
  const key = keys.get(keyId);
  if (!key) throw new SealError("sealed with another ENLACE_SECRET than the present and previous ones");
  const bytes = Buffer.from(body, "base64url");
  if (bytes.length < TAG_BYTES) throw new SealError("not a sealed value");
  try {
    const decipher = createDecipheriv("aes-256-gcm", key.bytes, Buffer.from(iv, "base64url"), {
      authTagLength: TAG_BYTES,
    })
      .setAAD(toAssociatedData(owner))
      .setAuthTag(bytes.subarray(0, TAG_BYTES));
    return Buffer.concat([decipher.update(bytes.subarray(TAG_BYTES)), decipher.final()]).toString("utf8");
  } catch (error) {
    throw new SealError("the sealed value was changed or belongs to another tenant or field", { cause: error });
  }
}

function toAssociatedData({ tenantId, field }: SecretOwner): Buffer {
  return Buffer.from(`${tenantId}:${field}`, "utf8");
}
