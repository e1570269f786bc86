// Makes src/dialer/policy/number-zones.json out of libphonenumber's list of prefixes and zones:
//
//   node test/tools/number-zones.ts map_data.txt        (resources/timezones/map_data.txt of google/libphonenumber)
//
// The list is under the Apache License 2.0, Copyright The Libphonenumber Authors.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const OUT = join(import.meta.dirname, "../../src/dialer/policy/number-zones.json");
/** `+1` and the area code: numbers are carried along, so that an exchange says nothing about a place. */
const AREA_CODE_DIGITS = 4;

const [, , path] = process.argv;
if (!path) throw new Error("name the list: node test/tools/number-zones.ts map_data.txt");

const zonesByPrefix = new Map<string, Set<string>>();
for (const line of readFileSync(path, "utf8").split("\n")) {
  const [, prefix = "", zones = ""] = /^(\d+)\|(.+)$/.exec(line.trim()) ?? [];
  if (prefix === "") continue; // a comment
  const key = prefix.startsWith("1") ? prefix.slice(0, AREA_CODE_DIGITS) : prefix;
  const known = zonesByPrefix.get(key) ?? new Set();
  for (const zone of zones.split("&").filter(Boolean)) known.add(zone);
  zonesByPrefix.set(key, known);
}

const toText = (zones: ReadonlySet<string>): string => [...zones].sort().join(" ");

/** What the longest shorter prefix says. */
function findParent(prefix: string): ReadonlySet<string> | undefined {
  for (let length = prefix.length - 1; length > 0; length--) {
    const parent = zonesByPrefix.get(prefix.slice(0, length));
    if (parent) return parent;
  }
  return undefined;
}

const prefixesByZones = new Map<string, string[]>();
for (const [prefix, zones] of [...zonesByPrefix].sort(([a], [b]) => a.length - b.length || (a < b ? -1 : 1))) {
  const parent = findParent(prefix);
  if (parent && toText(parent) === toText(zones)) continue;
  const known = prefixesByZones.get(toText(zones)) ?? [];
  prefixesByZones.set(toText(zones), [...known, prefix]);
}

const entries = [...prefixesByZones]
  .sort(([a], [b]) => a.localeCompare(b))
  .map(([zones, prefixes]) => [zones, prefixes.join(" ")]);
writeFileSync(OUT, `${JSON.stringify(Object.fromEntries(entries), null, 2)}\n`);
