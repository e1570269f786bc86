import { isIP } from "node:net";
import { z } from "zod";
import { isTimeZone } from "./time-zone.ts";

/** Forms in which a setting is written: always text, as the environment has it. */

export const text = z.string().trim().min(1);
export const number = (min: number, max: number) => z.coerce.number().int().min(min).max(max);
export const yesNo = z
  .enum(["true", "false", "1", "0", "yes", "no"])
  .transform((value) => ["true", "1", "yes"].includes(value));
export const folders = z
  .string()
  .transform(toList)
  .pipe(z.array(z.string().startsWith("/", "must be absolute paths")));
export const url = z.url({ protocol: /^https?$/, error: "must be an http or https address" });
export const timeZone = text.refine(isTimeZone, "is not an IANA time zone");

export function toList(value: string): string[] {
  return value
    .split(",")
    .map((item) => item.trim())
    .filter((item) => item !== "");
}

/** `10.0.0.5`, `192.168.1.0/24`, `fd00::/8`. */
export function isNetwork(entry: string): boolean {
  const [address = "", bits = "0", ...more] = entry.split("/");
  const family = isIP(address);
  return family !== 0 && more.length === 0 && /^\d{1,3}$/.test(bits) && Number(bits) <= (family === 6 ? 128 : 32);
}
