// A trunk's carrier: sipp on loopback, which does to each call what the last digit of its number says, and its own log of it.
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";
import { eventually } from "../../eventually.ts";
import type { Asterisk } from "./asterisk.ts";
import { createGreetings } from "./greetings.ts";

const SIPP = process.env.ENLACE_TEST_SIPP ?? "/usr/bin/sipp";
const MEDIA = 8_000;
const SCENARIO = join(import.meta.dirname, "carrier.xml");

/**
 * What becomes of a call, by the last digit of its number. `human` and `machine` say a greeting; `short` hangs up after a
 * second; `key` is a person who presses 1 after 8 s when the number ends in 18, 2 when it ends in 28; `declined` is 603.
 */
export const BY_LAST_DIGIT = {
  "0": "declined",
  "1": "human",
  "2": "machine",
  "3": "busy",
  "4": "no_answer",
  "5": "unknown_number",
  "6": "congested",
  "7": "short",
  "8": "key",
  "9": "silent",
} as const;
export type CarrierBehaviour = (typeof BY_LAST_DIGIT)[keyof typeof BY_LAST_DIGIT];

export interface CarrierCall {
  /** SIP Call-ID. */
  id: string;
  number: string;
  /** The caller id that the carrier was given. */
  caller: string;
  behaviour: CarrierBehaviour;
  startedAt: Date;
  rangAt: Date | undefined;
  answeredAt: Date | undefined;
  endedAt: Date | undefined;
  /** `bye`: the PBX hung up; `hangup`: the carrier did; `cancel`: the PBX gave up; a number: how the carrier refused. */
  end: "bye" | "hangup" | "cancel" | 404 | 486 | 503 | 603 | undefined;
}

export interface CarrierOptions {
  /** Whose trunk it serves (`PJSIP/<number>@carrier`, or `…@spare`). */
  pbx: Asterisk;
  trunk: "carrier" | "spare";
  /** From 180 to 200; at least 1. Default 300. */
  ringMs?: number;
  /** After this long the carrier hangs up; default 60,000. */
  talkMs?: number;
}

export interface Carrier {
  /** Every call it saw since it began, the oldest first. */
  calls(): CarrierCall[];
  /** How many of these calls each behaviour had. */
  counts(): Partial<Record<CarrierBehaviour, number>>;
  /** From now on nobody answers at its port. Does nothing the second time. */
  stop(): Promise<void>;
}

/** Says why there can be no carrier here, for `{ skip }`; also on stderr, because a skipped suite must not look passed. */
export function findCarrierProblem(): string | false {
  if (existsSync(SIPP)) return false;
  const reason = `${SIPP} is not there: install the Debian package sip-tester`;
  process.stderr.write(`\n!!! SKIPPED what needs a carrier: ${reason}\n\n`);
  return reason;
}

/** Resolves once the PBX has seen that it is there; ends with the test file. Throws when sipp does not run, with what it said. */
export async function startCarrier(options: CarrierOptions): Promise<Carrier> {
  const { pbx, trunk, ringMs = 300, talkMs = 60_000 } = options;
  const port = trunk === "carrier" ? pbx.carrierPort : pbx.sparePort;
  const mediaPort = port + (trunk === "carrier" ? MEDIA : MEDIA + 500); // two a call, below those of the Asterisks
  const folder = mkdtempSync(join(tmpdir(), "enlace-carrier-"));
  const scenario = join(folder, "carrier.xml");
  const logFile = join(folder, "carrier.log");
  const errorFile = join(folder, "errors.log");
  const xml = readFileSync(SCENARIO, "utf8")
    .replaceAll("@RING_MS@", String(ringMs))
    .replaceAll("@TALK_MS@", String(talkMs));
  writeFileSync(scenario, xml);
  createGreetings(folder);
  const place = ["-i", "127.0.0.1", "-mi", "127.0.0.1", "-p", String(port), "-mp", String(mediaPort)];
  const logs = ["-trace_logs", "-log_file", logFile, "-trace_err", "-error_file", errorFile];
  const child = spawn(SIPP, ["-sf", scenario, ...place, ...logs, "-nostdin"], { cwd: folder, stdio: "ignore" });
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const stop = async (): Promise<void> => {
    child.kill("SIGKILL");
    await ended;
  };
  after(async () => {
    await stop();
    rmSync(folder, { recursive: true, force: true });
  });
  await eventually(async () => {
    if (child.exitCode === null) await checkReachable(pbx, trunk);
  });
  if (child.exitCode !== null) throw new Error(`sipp ended at once: ${readIfThere(errorFile)}`);
  const calls = (): CarrierCall[] => parseCarrierLog(readIfThere(logFile));
  const counts = (): ReturnType<Carrier["counts"]> => {
    const byBehaviour = Map.groupBy(calls(), ({ behaviour }) => behaviour);
    return Object.fromEntries([...byBehaviour].map(([behaviour, { length }]) => [behaviour, length]));
  };
  return { calls, counts, stop };
}

/** Throws while the PBX finds, or found last, nobody at the other end of the trunk. */
export async function checkReachable(pbx: Asterisk, trunk: string): Promise<void> {
  const contacts = await pbx.cli("pjsip show contacts");
  const line = contacts.split("\n").find((each) => each.includes(` ${trunk}/sip:`));
  if (!/ Avail /.test(line ?? "")) throw new Error(`the PBX reaches nobody at ${trunk}: ${line?.trim()}`);
}

const readIfThere = (file: string): string => (existsSync(file) ? readFileSync(file, "utf8") : "");

const LINE = /^(\w+) (\S+) (\S*) (\S*) \S+\s\S+\s([\d.]+)$/;
const ENDS = new Set(["bye", "hangup", "cancel", "404", "486", "503", "603"]);

/** Of `carrier.xml`: one line per step of a call. A line that is still being written is left for the next time. */
export function parseCarrierLog(text: string): CarrierCall[] {
  const calls = new Map<string, CarrierCall>();
  for (const line of text.slice(0, text.lastIndexOf("\n") + 1).split("\n")) {
    const [, step, id, number, caller, seconds] = LINE.exec(line) ?? [];
    if (!step || !id || number === undefined || caller === undefined) continue;
    const at = new Date(Number(seconds) * 1_000);
    const call = calls.get(id);
    if (call) addStep(call, step, at);
    else if (step === "call") calls.set(id, begin({ id, number, caller, startedAt: at }));
  }
  return [...calls.values()];
}

function begin(facts: Pick<CarrierCall, "id" | "number" | "caller" | "startedAt">): CarrierCall {
  const behaviour = BY_LAST_DIGIT[facts.number.slice(-1) as keyof typeof BY_LAST_DIGIT] ?? "silent";
  return { ...facts, behaviour, rangAt: undefined, answeredAt: undefined, endedAt: undefined, end: undefined };
}

function addStep(call: CarrierCall, step: string, at: Date): void {
  if (step === "ring") call.rangAt = at;
  else if (step === "answer") call.answeredAt = at;
  else if (ENDS.has(step)) {
    call.end ??= (/^\d/.test(step) ? Number(step) : step) as NonNullable<CarrierCall["end"]>;
    call.endedAt ??= at;
  }
}
