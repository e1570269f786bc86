import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { Command } from "commander";
import { type FakeVtiger, startFakeVtiger } from "../connectors/vtiger/fake-vtiger.ts";
import { newSecret } from "../kit/random.ts";
import { type ApiClient, createApiClient } from "./api-client.ts";
import { type CommandContext, createCommand } from "./command.ts";
import { PEOPLE } from "./demo/call-stream.ts";
import { createLedger } from "./demo/ledger.ts";
import { rest, runDemoPbx } from "./demo/pbx.ts";
import { type ServerProcess, startServerProcess } from "./demo/server-process.ts";
import { loadSituation } from "./demo/situation.ts";
import { type StoryOptions, sayVerdict, settle, tellStory, watch } from "./demo/story.ts";
import { CommandFailure } from "./exit.ts";
import { parseCount } from "./option-value.ts";
import { tryListen } from "./port.ts";

/**
 * Enlace at work on one machine, with nothing to prepare: a server of its own, a sandbox CRM and a made-up PBX, and a CRM
 * that fails and comes back. Ends by checking that every accepted call is in the CRM exactly once.
 */
export interface DemoTools {
  /** `src/main.ts`, to start a server with. */
  mainFile: string;
  environment: Readonly<Record<string, string | undefined>>;
}

interface Options {
  seconds?: number;
  data?: string;
  port?: number;
  rate: number;
}

/** The only settings of the real environment that the demo's server sees: never a real database or CRM. */
const PASSED_ON = ["PATH", "HOME", "TMPDIR", "LANG", "TZ", "SystemRoot"];
const PORT = 8080;
const OUTAGE_AFTER_MS = 20_000;
const OUTAGE_FOR_MS = 20_000;

export function createDemo(context: CommandContext, tools: DemoTools): Command {
  return createCommand("demo", "watch Enlace at work: its own server, a sandbox CRM, made-up calls, an outage")
    .option("--seconds <n>", "how long calls come in (default: until Ctrl-C)", parseCount)
    .option("--data <folder>", "keep its data in this folder (default: a throw-away one)")
    .option("--port <number>", `port of Enlace (default: ${PORT}, or a free one)`, parseCount)
    .option("--rate <n>", "calls per second", parseCount, 2)
    .action((options: Options) => runDemo(context, tools, options));
}

async function runDemo(context: CommandContext, tools: DemoTools, options: Options): Promise<void> {
  const folder = options.data ? resolve(options.data) : await mkdtemp(join(tmpdir(), "enlace-demo-"));
  await mkdir(folder, { recursive: true });
  const crm = await startFakeVtiger({ unique: ["PBXManager.sourceuuid"] });
  const interrupts = onInterrupts(context.signal);
  let server: ServerProcess | undefined;
  try {
    fillCrm(crm);
    const place = await toPlace(context, { folder, port: options.port, crm });
    context.terminal.print("Starting Enlace with a database of its own; the first time takes a few seconds …");
    const { url, environment, logFile } = place;
    server = await startServerProcess({
      ...{ mainFile: tools.mainFile, url, logFile, clock: context.clock, signal: interrupts.signal },
      environment: { ...passOn(tools.environment), ...environment },
    });
    const api = await createApiClient({ ...context, url, apiKey: undefined, dataFolder: folder });
    introduce(context, place, crm);
    await play(context, options, { api, crm, url, secret: environment.WEBHOOK_SECRET, interrupts });
  } finally {
    interrupts.release(); // whatever still runs ends here
    await server?.stop();
    await crm.stop();
    if (options.data === undefined) await rm(folder, { recursive: true, force: true });
  }
}

interface Place {
  url: string;
  folder: string;
  logFile: string;
  environment: Record<string, string> & { WEBHOOK_SECRET: string };
}

async function toPlace(
  { random }: CommandContext,
  { folder, port, crm }: { folder: string; port: number | undefined; crm: FakeVtiger },
): Promise<Place> {
  const chosen = port ?? (await choosePort());
  return {
    url: `http://127.0.0.1:${chosen}`,
    folder,
    logFile: join(folder, "enlace.log"),
    environment: {
      ENLACE_PORT: String(chosen),
      ENLACE_DATA: folder,
      ENLACE_ADMIN_PASSWORD: newSecret(random, 12),
      ENLACE_ALLOW_LOOPBACK_TARGETS: "true",
      WEBHOOK_SECRET: newSecret(random),
      VTIGER_URL: crm.url,
      VTIGER_USERNAME: "apiuser",
      VTIGER_ACCESS_KEY: crm.user("apiuser").accessKey,
    },
  };
}

async function choosePort(): Promise<number> {
  for (const wanted of [PORT, 0]) {
    const tried = await tryListen("127.0.0.1", wanted);
    if ("port" in tried) return tried.port;
  }
  throw new CommandFailure("this machine has no free port on 127.0.0.1");
}

function passOn(environment: DemoTools["environment"]): Record<string, string> {
  return Object.fromEntries(PASSED_ON.flatMap((name) => (environment[name] ? [[name, environment[name]]] : [])));
}

function fillCrm(crm: FakeVtiger): void {
  for (const { firstName, lastName, number } of PEOPLE)
    crm.addContact({ firstname: firstName, lastname: lastName, mobile: number });
}

function introduce({ terminal }: CommandContext, { url, folder, logFile, environment }: Place, crm: FakeVtiger): void {
  const bold = (text: string): string => terminal.paint("bold", text);
  terminal.print(`
${bold("Enlace")}           ${url}   (admin / ${environment.ENLACE_ADMIN_PASSWORD})
${bold("Interactive docs")} ${url}/docs
${bold("Sandbox CRM")}      ${new URL("/", crm.url).href}   (its records; the page reloads itself)
${bold("API")}              curl -H "X-API-KEY: $(cat ${join(folder, "cli-key")})" ${url}/api/v1/calls
${bold("Log")}              tail -f ${logFile}
Ctrl-C ends it.
`);
}

interface Stage {
  api: ApiClient;
  crm: FakeVtiger;
  url: string;
  secret: string;
  interrupts: ReturnType<typeof onInterrupts>;
}

async function play(
  context: CommandContext,
  { seconds, rate }: Options,
  { api, crm, url, secret, interrupts }: Stage,
): Promise<void> {
  const { clock, random, terminal } = context;
  const { signal } = interrupts;
  const ledger = createLedger();
  const startedAtMs = clock.monotonicMs();
  const story: StoryOptions = {
    say: (line) => terminal.print(`${toElapsed(clock.monotonicMs() - startedAtMs)}  ${line}`),
    loadSituation: () => loadSituation(api),
    countCalls: () => countCalls(crm),
    setOutage: (isDown) => (isDown ? crm.faults.add({ kind: "html502", times: Infinity }) : crm.faults.clear()),
    ledger,
    clock,
    outage: toOutage(seconds),
  };
  const watching = watch(story, signal);
  const calling = runDemoPbx({ url, secret, callsPerSecond: rate, ledger, clock, random }, signal);
  const telling = tellStory(story, signal);
  if (seconds !== undefined) void rest(clock, seconds * 1000, signal).then(interrupts.end);
  await Promise.all([watching, calling, telling]);
  story.say("No more calls. Waiting for what is still on its way …");
  crm.faults.clear();
  await settle(story, interrupts.hurry);
  if (!sayVerdict(story)) throw new CommandFailure("the CRM does not hold exactly what was accepted");
}

/** The first Ctrl-C (or SIGTERM) ends the calls, a second one the waiting for what is still on its way. */
function onInterrupts(interrupted: AbortSignal) {
  const [curtain, hurry] = [new AbortController(), new AbortController()];
  const onSignal = (): void => (curtain.signal.aborted ? hurry.abort() : curtain.abort());
  process.on("SIGINT", onSignal).on("SIGTERM", onSignal);
  return {
    signal: AbortSignal.any([interrupted, curtain.signal]),
    hurry: hurry.signal,
    end: () => curtain.abort(),
    release: () => {
      curtain.abort();
      process.off("SIGINT", onSignal).off("SIGTERM", onSignal);
    },
  };
}

/** A short demo has its outage in the middle third. */
function toOutage(seconds: number | undefined): StoryOptions["outage"] {
  const third = seconds === undefined ? Number.POSITIVE_INFINITY : (seconds * 1000) / 3;
  return { afterMs: Math.min(OUTAGE_AFTER_MS, third), forMs: Math.min(OUTAGE_FOR_MS, third) };
}

function countCalls(crm: FakeVtiger): Map<string, number> {
  const times = new Map<string, number>();
  for (const { fields } of crm.records()) {
    const uuid = fields.sourceuuid ?? "";
    times.set(uuid, (times.get(uuid) ?? 0) + 1);
  }
  return times;
}

function toElapsed(ms: number): string {
  const seconds = Math.round(ms / 1000);
  return `${String(Math.trunc(seconds / 60)).padStart(2)}:${String(seconds % 60).padStart(2, "0")}`;
}
