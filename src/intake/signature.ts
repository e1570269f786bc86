import { createHmac, timingSafeEqual } from "node:crypto";
import { toPythonJson } from "./python-json.ts";

/**
 * How a sender computed `X-Signature` (hex HMAC-SHA256 under the tenant's webhook secret).
 * `raw`: over the bytes it sent. `python-json`: over what Python makes of them, see python-json.ts.
 */
export type SignatureMode = "raw" | "python-json";

export interface SignedBody {
  body: Buffer;
  /** The header as received; anything but 64 hex digits never verifies. */
  signature: string | undefined;
}

/** True if `signature` fits under one of the secrets in one of the modes. Digests are compared in constant time. */
export function isSignedBy(
  { body, signature }: SignedBody,
  secrets: readonly string[],
  modes: readonly SignatureMode[],
): boolean {
  const claimed = parseDigest(signature);
  // Every secret is tried, and a malformed signature costs the same as a wrong one.
  const fits = (message: Buffer | string): boolean =>
    secrets.map((secret) => timingSafeEqual(sign(message, secret), claimed ?? NO_DIGEST)).includes(true);
  const raw = modes.includes("raw") && fits(body);
  if (raw) return claimed !== undefined;
  const canonical = modes.includes("python-json") ? toPythonJson(body) : undefined;
  return canonical !== undefined && fits(canonical) && claimed !== undefined;
}

/** The digest itself, for senders: the CLI's test call, the demo, tests. */
export function toSignature(message: Buffer | string, secret: string): string {
  return sign(message, secret).toString("hex");
}

const NO_DIGEST = Buffer.alloc(32);

function sign(message: Buffer | string, secret: string): Buffer {
  return createHmac("sha256", secret).update(message).digest();
}

function parseDigest(signature: string | undefined): Buffer | undefined {
  return signature !== undefined && /^[0-9a-f]{64}$/i.test(signature) ? Buffer.from(signature, "hex") : undefined;
}
