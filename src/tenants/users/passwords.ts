import { hash, verify } from "@node-rs/argon2";
import { toFieldError } from "../../core/errors.ts";
import type { Sentence } from "../../core/sentence.ts";
import { newSecret, type Random } from "../../kit/random.ts";
import { say } from "../words.ts";

/** Argon2id with the library's defaults (19 MiB, 2 passes), OWASP's first recommendation. */
export interface Passwords {
  hash(password: string): Promise<string>;
  /** Without a stored hash it takes as long and says no: whether a user exists cannot be timed. */
  isRight(storedHash: string | null, password: string): Promise<boolean>;
  /** A one-time password: 96 random bits, without look-alikes of quotes or spaces. */
  create(): string;
}

export const PASSWORD_MIN = 10;
/** Hashing takes as long as the text is; nobody types more. */
export const PASSWORD_MAX = 200;

export function createPasswords(random: Random): Passwords {
  let decoy: Promise<string> | undefined;
  return {
    hash: (password) => hash(normalize(password)),
    isRight: async (storedHash, password) => {
      decoy ??= hash(newSecret(random));
      const isRight = await verify(storedHash ?? (await decoy), normalize(password));
      return storedHash !== null && isRight;
    },
    create: () => newSecret(random, 12),
  };
}

/** Throws `invalid_field` (naming `path`) for a password that is too short, too long, or the username. */
export function refuseWeakPassword(password: string, username: string, path = "password"): void {
  const weakness = findWeakness(password, username);
  if (weakness) throw toFieldError(path, weakness);
}

/** What is wrong with a password, in words; `undefined` when nothing is. Lengths count characters, not bytes. */
export function findWeakness(password: string, username: string): Sentence | undefined {
  const { length } = [...password];
  if (length < PASSWORD_MIN) return say("passwordShort", { min: PASSWORD_MIN });
  if (length > PASSWORD_MAX) return say("passwordLong", { max: PASSWORD_MAX });
  if (isLikeName(password.toLowerCase(), username.toLowerCase())) return say("passwordName");
  if (new Set(password).size < 4) return say("passwordPlain");
  return undefined;
}

/** A name of two or three letters is found in too many good passwords. */
function isLikeName(password: string, username: string): boolean {
  return password === username || (username.length >= 4 && password.includes(username));
}

/** The same password however the keyboard composes its accents. */
function normalize(password: string): string {
  return password.normalize("NFKC");
}
