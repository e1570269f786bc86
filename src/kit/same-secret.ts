import { createHash, timingSafeEqual } from "node:crypto";

/** Whether two secrets are the same, in a time that tells neither their length nor how far they agree. */
export function isSameSecret(given: string, expected: string): boolean {
  return timingSafeEqual(toSecretHash(given), toSecretHash(expected));
}

/** SHA-256: enough to store what we made up ourselves with full entropy. Never for what people choose. */
export function toSecretHash(secret: string): Buffer {
  return createHash("sha256").update(secret, "utf8").digest();
}
