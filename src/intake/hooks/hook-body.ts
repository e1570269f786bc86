import { isUtf8 } from "node:buffer";
import { hash } from "node:crypto";
import { AppError } from "../../core/errors.ts";
import { findUnstorable, toStorableText } from "../storable-json.ts";
import { type HookFields, toPlainName } from "./hook-event.ts";

/** A body as far as it can be read, and what goes into the store of it: never the token. */
export interface HookBody {
  /** `null`: no object. */
  fields: HookFields | null;
  /** Shown in the body. */
  token: string | undefined;
  /** JSON text that the store can keep. */
  stored: string;
  /** The same event has the same: spacing, order and token do not matter. */
  hash: Buffer;
}

const utf8 = new TextDecoder();

/**
 * Reads JSON, or a form as Asterisk's CURL() and `curl -d` send it, whatever the content type says. Never throws: who posted
 * is known only from what is inside, and what is refused is kept.
 */
export function readHookBody(body: Buffer): HookBody {
  const text = isUtf8(body) ? utf8.decode(body).trim() : "";
  const value = parseJson(text) ?? parseForm(text);
  if (!isObject(value)) return keepRaw(body.toString("latin1"));
  const token = findToken(value) ?? findToken(Object.entries(value).find(([name]) => name === "payload")?.[1]);
  const fields = withoutToken(value);
  const sayable = { fields, token };
  const said = JSON.stringify(fields);
  if (findUnstorable(said, fields).length > 0) return { ...keepRaw(said), token };
  return { ...sayable, stored: toStorableText(said, fields), hash: toHash(toSorted(fields)) };
}

/** Why a body of which there are no fields cannot be taken. */
export function toBodyProblem(body: Buffer): AppError {
  const text = isUtf8(body) ? utf8.decode(body).trim() : undefined;
  if (text !== undefined && parseJson(text) === undefined)
    return new AppError("invalid_json", "The body is neither a JSON object nor a form.");
  const message = "must be a JSON object without NUL characters and halves of surrogate pairs";
  return new AppError("invalid_field", `The body ${message}.`, { fields: [{ path: "", message }] });
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const isToken = (name: string): boolean => toPlainName(name) === "token";

function findToken(value: unknown): string | undefined {
  const given = isObject(value) ? Object.entries(value).find(([name]) => isToken(name))?.[1] : undefined;
  const text = typeof given === "string" || typeof given === "number" ? String(given).trim() : "";
  return text === "" ? undefined : text;
}

function withoutToken(fields: Record<string, unknown>): Record<string, unknown> {
  const kept = Object.entries(fields).filter(([name]) => !isToken(name));
  return Object.fromEntries(kept.map(([name, value]) => [name, isObject(value) ? withoutToken(value) : value]));
}

function keepRaw(text: string): HookBody {
  const stored = JSON.stringify(text.replaceAll(/\0|\\u0000/g, "").toWellFormed());
  return { fields: null, token: undefined, stored, hash: toHash(stored) };
}

/** `undefined` for what is no JSON. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // the only way JSON.parse says so
  }
}

/** `Extensions=101&Extensions=102` is a list. */
function parseForm(text: string): Record<string, unknown> | undefined {
  if (!/^[\w[\]%+.-]+=/.test(text)) return undefined;
  const fields: Record<string, string | string[]> = {};
  for (const [name, value] of new URLSearchParams(text)) {
    const plain = name.replace(/\[\d*\]$/, "");
    const before = fields[plain];
    fields[plain] = before === undefined ? value : [before, value].flat();
  }
  return fields;
}

const toHash = (text: string): Buffer => hash("sha256", text, "buffer");

function toSorted(value: unknown): string {
  return JSON.stringify(value, (_name, inner) =>
    isObject(inner) ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1))) : inner,
  );
}
