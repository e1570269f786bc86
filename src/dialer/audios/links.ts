import { createHmac, createSecretKey } from "node:crypto";
import { AppError } from "../../core/errors.ts";
import { toTenantId } from "../../core/ids.ts";
import type { Clock } from "../../kit/clock.ts";
import { isSameSecret } from "../../kit/same-secret.ts";
import { deriveKey } from "../../kit/secret-box.ts";
import { say } from "../words.ts";
import { SOUND_KINDS, type SoundRef } from "./sound.ts";

/**
 * Links that play one sound to whoever has them, until they end: `<address>/a/<token>.wav`. What a token opens and when it
 * ends stands in it, signed; nothing is stored. A PBX gets the same link all day, so that what it has fetched once stays
 * good in its cache.
 */
export interface AudioLinks {
  forPerson(sound: SoundRef): { url: string; expiresAt: Date };
  /** `baseUrl`: where the PBX reaches Enlace; `null`: at its public address. */
  forPbx(sound: SoundRef, baseUrl: string | null): string;
  /** Throws `AppError`: `not_found` for a token that is none of ours, `forbidden` for one that has ended. */
  open(token: string): { sound: SoundRef; endsAt: Date };
}

const PERSON_MS = 600_000;
const DAY_MS = 86_400_000;
/** A PBX's link is good for the day in which it was made and the one after it. */
const PBX_DAYS = 2;
/** One byte kind, four tenant, six end, sixteen file. */
const PLAIN_BYTES = 27;
const SIGNATURE_BYTES = 16;
const REMEMBERED_MAX = 2_000;
const TOKEN = /^[A-Za-z0-9_-]{58}$/;

export function createAudioLinks(options: { clock: Clock; secret: string; publicUrl: string }): AudioLinks {
  const { clock, secret, publicUrl } = options;
  const key = createSecretKey(deriveKey(secret, "audio-link"));
  const sign = (plain: Buffer): Buffer => createHmac("sha256", key).update(plain).digest().subarray(0, SIGNATURE_BYTES);
  const toToken = (sound: SoundRef, endsMs: number): string => {
    const plain = toPlain(sound, endsMs);
    return Buffer.concat([plain, sign(plain)]).toString("base64url");
  };
  const toDaysToken = createDaysTokens(toToken);

  return {
    forPerson: (sound) => {
      const expiresAt = new Date(clock.now().getTime() + PERSON_MS);
      return { url: `${publicUrl}/a/${toToken(sound, expiresAt.getTime())}.wav`, expiresAt };
    },
    forPbx: (sound, baseUrl) => {
      const endsMs = (Math.floor(clock.now().getTime() / DAY_MS) + PBX_DAYS) * DAY_MS;
      return `${baseUrl ?? publicUrl}/a/${toDaysToken(sound, endsMs)}.wav`;
    },
    open: (given) => {
      const token = given.replace(/\.wav$/, "");
      const bytes = Buffer.from(TOKEN.test(token) ? token : "", "base64url");
      const plain = bytes.subarray(0, PLAIN_BYTES);
      const isPlain = bytes.toString("base64url") === token; // the last letter has bits to spare
      const isOurs = isPlain && isSameSecret(bytes.subarray(PLAIN_BYTES).toString("hex"), sign(plain).toString("hex"));
      if (!isOurs) throw new AppError("not_found", say("linkEmpty"));
      const opened = fromPlain(plain);
      if (opened.endsAt <= clock.now()) throw new AppError("forbidden", say("linkEnded"));
      return opened;
    },
  };
}

/** Every call plays the same few sounds: what was signed for a day is remembered while it lasts. */
function createDaysTokens(toToken: (sound: SoundRef, endsMs: number) => string) {
  const tokens = new Map<string, string>();
  let ofEndsMs = 0;
  return (sound: SoundRef, endsMs: number): string => {
    if (endsMs !== ofEndsMs || tokens.size >= REMEMBERED_MAX) tokens.clear();
    ofEndsMs = endsMs;
    const name = `${sound.kind} ${sound.tenantId ?? ""} ${sound.file}`;
    const token = tokens.get(name) ?? toToken(sound, endsMs);
    tokens.set(name, token);
    return token;
  };
}

function toPlain({ kind, tenantId, file }: SoundRef, endsMs: number): Buffer {
  const plain = Buffer.alloc(PLAIN_BYTES);
  plain.writeUInt8(SOUND_KINDS.indexOf(kind), 0);
  plain.writeUInt32BE(tenantId ?? 0, 1);
  plain.writeUIntBE(endsMs, 5, 6);
  plain.write(file, 11, "hex");
  return plain;
}

/** Only of bytes that we signed. */
function fromPlain(plain: Buffer): { sound: SoundRef; endsAt: Date } {
  const tenant = plain.readUInt32BE(1);
  const tenantId = tenant === 0 ? null : toTenantId(tenant);
  const kind = SOUND_KINDS[plain.readUInt8(0)];
  if (kind === undefined) throw new Error("a signed token of no kind");
  const file = plain.subarray(11).toString("hex");
  return { sound: { kind, tenantId, file }, endsAt: new Date(plain.readUIntBE(5, 6)) };
}
