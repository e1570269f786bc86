import { randomBytes, randomInt, randomUUID } from "node:crypto";

/** The one source of chance. Tests bring a seeded one. */
export interface Random {
  /** Uniform in [0, 1). Not for secrets. */
  fraction(): number;
  /** Cryptographically strong bytes. */
  bytes(size: number): Buffer;
  uuid(): string;
}

export const systemRandom: Random = {
  fraction: () => randomInt(2 ** 47) / 2 ** 47,
  bytes: (size) => randomBytes(size),
  uuid: () => randomUUID(),
};

/** URL-safe secret of `size` random bytes (24 bytes are 32 characters). */
export function newSecret(random: Random, size = 24): string {
  return random.bytes(size).toString("base64url");
}
