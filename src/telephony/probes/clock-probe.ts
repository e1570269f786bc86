import type { Finding } from "../../connectors/connector.ts";
import type { AmiMessage } from "../ami/message.ts";
import { mend } from "./mend-words.ts";
import { error, ok, type Probe, warning } from "./probe.ts";
import { CLOCK_SNIPPET } from "./snippets.ts";
import { say } from "./words.ts";

const SKEW_WARNING_SECONDS = 2;
const SKEW_ERROR_SECONDS = 60;
const QUARTER_MS = 900_000;

/** Is the PBX's clock right, and does it write its times in the zone that Enlace reads them in? */
export const probeClock: Probe = async (pbx) => {
  const beforeMs = pbx.clock.now().getTime();
  const answer = await pbx.send({ name: "Ping" });
  const hereMs = (beforeMs + pbx.clock.now().getTime()) / 2;
  const thereMs = Number(answer.get("Timestamp")) * 1000;
  if (!Number.isFinite(thereMs) || thereMs === 0) return [];
  const findings = [toSkewFinding((thereMs - hereMs) / 1000)];
  const uptimeSeconds = Number(pbx.booted()?.get("Uptime") ?? Number.NaN);
  const status = await pbx.send({ name: "CoreStatus" });
  if (Number.isFinite(uptimeSeconds)) {
    const startedAt = new Date(thereMs - uptimeSeconds * 1000);
    findings.push(...toZoneFindings(status, startedAt, pbx.settings.timeZone ?? "UTC"));
  }
  return findings;
};

export function toSkewFinding(seconds: number): Finding {
  const off = Math.abs(seconds);
  if (off < SKEW_WARNING_SECONDS) return ok("clock", say("clockRight"));
  const message = say(seconds > 0 ? "clockAhead" : "clockBehind", { seconds: Math.round(off) });
  return (off < SKEW_ERROR_SECONDS ? warning : error)("clock", message, CLOCK_SNIPPET);
}

/** CoreStatus writes the start in the PBX's own zone; that it was so long ago tells the zone's offset. Pure. */
export function toZoneFindings(status: Pick<AmiMessage, "get">, startedAt: Date, timeZone: string): Finding[] {
  const local = Date.parse(`${status.get("CoreStartupDate")}T${status.get("CoreStartupTime")}Z`);
  if (Number.isNaN(local)) return [];
  const there = roundToQuarter(local - startedAt.getTime());
  const expected = toOffsetMs(startedAt, timeZone);
  if (there === expected) return [ok("time_zone", say("zoneRight", { zone: timeZone }))];
  return [
    error(
      "time_zone",
      say("zoneWrong", { there: toOffsetText(there), zone: timeZone, expected: toOffsetText(expected) }),
      mend("zone", { request: 'PATCH /api/v1/pbxs/{id} {"time_zone": …}' }),
    ),
  ];
}

function toOffsetMs(at: Date, timeZone: string): number {
  const format = new Intl.DateTimeFormat("en-CA", {
    ...{ timeZone, year: "numeric", month: "2-digit", day: "2-digit" },
    ...{ hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" },
  } as const);
  const part = new Map(format.formatToParts(at).map(({ type, value }) => [type, value]));
  const date = `${part.get("year")}-${part.get("month")}-${part.get("day")}`;
  return roundToQuarter(
    Date.parse(`${date}T${part.get("hour")}:${part.get("minute")}:${part.get("second")}Z`) - at.getTime(),
  );
}

const roundToQuarter = (ms: number): number => Math.round(ms / QUARTER_MS) * QUARTER_MS + 0;

function toOffsetText(ms: number): string {
  const minutes = Math.abs(ms) / 60_000;
  const two = (value: number): string => String(value).padStart(2, "0");
  return `UTC${ms < 0 ? "-" : "+"}${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
}
