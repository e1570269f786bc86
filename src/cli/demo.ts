import { mkdir, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { Command } from "commander";
import type { FakeVtiger } from "../connectors/vtiger/fake-vtiger.ts";
import { startFakeVtiger } from "../connectors/vtiger/fake-vtiger.ts";
import { newSecret } from "../kit/random.ts";
import { createFakeCallees } from "../telephony/fake-pbx/fake-callees.ts";
import { type FakePbx, startFakePbx } from "../telephony/fake-pbx/fake-pbx.ts";
import { createApiClient, type StreamingApiClient } from "./api-client.ts";
import { type CommandContext, createCommand } from "./command.ts";
import {
  type CampaignVerdict,
  type DemoCampaignOptions,
  type IvrPlace,
  prepareCampaign,
  runCampaign,
} from "./demo/campaign.ts";
import { countCalls, fillCrm, refuseSome } from "./demo/crm.ts";
import { createLedger, type Ledger } from "./demo/ledger.ts";
import { createPast, tellPast } from "./demo/past.ts";
import { rest, runDemoPbx, tell } from "./demo/pbx.ts";
import { type ServerProcess, startServerProcess } from "./demo/server-process.ts";
import { onPbxCall, PBX_PACE, PBX_PEOPLE, runPbxPart, type SimulatedPbx } from "./demo/simulated-pbx.ts";
import { letLaneRun, loadSituation, replayDead } from "./demo/situation.ts";
import { type StoryOptions, sayVerdict, settle, tellStory, watch } from "./demo/story.ts";
import { addExtensions, addTeam, type Team } from "./demo/team.ts";
import { startVoices, type Voices } from "./demo/voices.ts";
import { CommandFailure } from "./exit.ts";
import { parseCount } from "./option-value.ts";
import { tryListen } from "./port.ts";

/**
 * Enlace at work on one machine, with nothing to prepare: a server of its own, a simulated Asterisk that it listens to, made-up
 * calls over the webhook, and a sandbox CRM that fails and comes back. Ends by checking that every accepted call is in the
 * CRM exactly once.
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
  contacts: number;
  past: number;
}

/** The only settings of the real environment that the demo's server sees: never a real database or CRM. */
const PASSED_ON = ["PATH", "HOME", "TMPDIR", "LANG", "TZ", "SystemRoot"];
const PORT = 8080;
const OUTAGE_AFTER_MS = 20_000;
const OUTAGE_FOR_MS = 20_000;
const LOOK_EVERY_MS = 100;
const DISPOSITIONS_WITHIN_MS = 30_000;

export function createDemo(context: CommandContext, tools: DemoTools): Command {
  return createCommand("demo", "watch Enlace at work: a simulated PBX, made-up calls, a sandbox CRM, an outage")
    .option("--seconds <n>", "how long calls come in (default: until Ctrl-C)", parseCount)
    .option("--data <folder>", "keep its data in this folder (default: a throw-away one)")
    .option("--port <number>", `port of Enlace (default: ${PORT}, or a free one)`, parseCount)
    .option("--rate <n>", "calls per second over the webhook; half as many come from the PBX", parseCount, 1)
    .option("--past <n>", "calls of the last ten days that are there from the beginning", parseCount, 500)
    .option("--contacts <n>", "whom a campaign calls over the simulated PBX", parseCount, 200)
    .action((options: Options) => runDemo(context, tools, options));
}

async function runDemo(context: CommandContext, tools: DemoTools, options: Options): Promise<void> {
  const port = await choosePort(options.port === undefined ? [PORT, 0] : [options.port]);
  const folder = await makeFolder(options.data);
  const voices = await startVoices();
  const crm = await startFakeVtiger({ unique: ["PBXManager.sourceuuid"] });
  const pbx = await startPbx(context, options.rate);
  const interrupts = onInterrupts(context.signal);
  let server: ServerProcess | undefined;
  try {
    fillCrm(crm);
    const place = await toPlace(context, { folder, port, crm, pbx });
    context.terminal.print("Starting Enlace with a database of its own; the first time takes a few seconds …");
    const { url, environment, logFile, agiPort } = place;
    server = await startServerProcess({
      ...{ mainFile: tools.mainFile, url, logFile, clock: context.clock, signal: interrupts.signal },
      environment: { ...passOn(tools.environment), ...environment },
    });
    // The first Ctrl-C ends the calls, not the questions about what became of them.
    const api = await createApiClient({
      ...{ ...context, url, apiKey: undefined, dataFolder: folder },
      signal: interrupts.hurry,
    });
    const secret = environment.WEBHOOK_SECRET;
    const team = await addTeam(api, context.random);
    await letLaneRun(api);
    await tellOfThePast(context, options.past, { crm, pbx, voices, url, secret });
    introduce(context, place, { crm, pbx, team });
    await play(context, options, { api, agiPort, crm, pbx, voices, team, url, secret, interrupts });
  } finally {
    interrupts.release(); // whatever still runs ends here
    await server?.stop();
    await Promise.all([crm.stop(), pbx.stop(), voices.stop()]);
    if (options.data === undefined) await rm(folder, { recursive: true, force: true });
  }
}

/** A throw-away one, or the one that was asked for: an empty one, since the people of another demo have other passwords. */
async function makeFolder(wanted: string | undefined): Promise<string> {
  if (wanted === undefined) return mkdtemp(join(tmpdir(), "enlace-demo-"));
  const folder = resolve(wanted);
  try {
    await mkdir(folder, { recursive: true });
    if ((await readdir(folder)).length === 0) return folder;
  } catch (error) {
    throw new CommandFailure(`the folder ${folder} cannot be used: ${(error as Error).message}`);
  }
  throw new CommandFailure(`the folder ${folder} is not empty`, {
    hints: [`Give a new one; ENLACE_DATA=${folder} npm start shows what an earlier demo left there.`],
  });
}

interface PastStage {
  crm: FakeVtiger;
  pbx: DemoPbx;
  voices: Voices;
  url: string;
  secret: string;
}

/** The days before; the CRM refuses a few of these calls for good, so that there are dead letters to look at and to replay. */
async function tellOfThePast(
  { clock, random, terminal }: CommandContext,
  calls: number,
  { crm, pbx, voices, url, secret }: PastStage,
): Promise<void> {
  terminal.print(`Telling it of ${calls} calls of the last ten days …`);
  refuseSome(crm);
  const past = createPast(random, { calls, now: clock.now(), toRecordingUrl: voices.toUrl });
  await tellPast(past, { tell: (payload) => tell({ url, secret, clock }, payload), ledger: pbx.ledger });
}

/** The simulated PBX, with the ledger that it keeps from its first call on. */
interface DemoPbx extends SimulatedPbx {
  port: number;
  username: string;
  secret: string;
  ledger: Ledger;
  /** Hears what is told of calls; nobody at first. */
  audience: { say(line: string): void };
  /** Where its dialplan sends who picks up a call of the dialer. */
  setIvr(place: IvrPlace): void;
  stop(): Promise<void>;
}

async function startPbx({ clock, random }: CommandContext, rate: number): Promise<DemoPbx> {
  const account = { username: "enlace", secret: newSecret(random, 12) };
  const ledger = createLedger();
  const audience: DemoPbx["audience"] = { say: () => undefined };
  const seed = Math.trunc(random.fraction() * 2 ** 31);
  let ivr: IvrPlace | undefined;
  const pbx: FakePbx = await startFakePbx({
    ...{ clock, ...account, people: PBX_PEOPLE, pace: PBX_PACE, callsPerSecond: rate / 2 },
    seed,
    outside: {
      toCallee: createFakeCallees({ seed, ringMs: [500, 2_500], unansweredMs: [4_000, 8_000] }),
      agi: () => ivr,
      soundMs: 1_500,
    },
    onEnd: (call) => onPbxCall(call, ledger, (line) => audience.say(line)),
  });
  const { port, startTraffic, stopTraffic, stop } = pbx;
  const concurrent = (): number => pbx.exchange.calls.live.size;
  const setIvr = (place: IvrPlace): void => {
    ivr = place;
  };
  return { ...account, port, ledger, audience, setIvr, startTraffic, stopTraffic, stop, concurrent };
}

interface Place {
  url: string;
  agiPort: number;
  folder: string;
  logFile: string;
  environment: Record<string, string> & { WEBHOOK_SECRET: string };
}

async function toPlace(
  { random }: CommandContext,
  { folder, port, crm, pbx }: { folder: string; port: number; crm: FakeVtiger; pbx: DemoPbx },
): Promise<Place> {
  const agiPort = await choosePort([0]);
  return {
    agiPort,
    url: `http://127.0.0.1:${port}`,
    folder,
    logFile: join(folder, "enlace.log"),
    environment: {
      ENLACE_PORT: String(port),
      ENLACE_DATA: folder,
      ENLACE_ADMIN_PASSWORD: newSecret(random, 12),
      ENLACE_ALLOW_LOOPBACK_TARGETS: "true",
      ENLACE_PUBLIC_URL: `http://127.0.0.1:${port}`,
      WEBHOOK_SECRET: newSecret(random),
      VTIGER_URL: crm.url,
      VTIGER_USERNAME: "apiuser",
      VTIGER_ACCESS_KEY: crm.user("apiuser").accessKey,
      AMI_HOST: "127.0.0.1",
      AMI_PORT: String(pbx.port),
      AMI_USERNAME: pbx.username,
      AMI_SECRET: pbx.secret,
      ENLACE_AGI_PORT: String(agiPort),
      ENLACE_AGI_ALLOW: "127.0.0.1",
    },
  };
}

async function choosePort(among: readonly number[]): Promise<number> {
  for (const wanted of among) {
    const tried = await tryListen("127.0.0.1", wanted);
    if ("port" in tried) return tried.port;
  }
  const [wanted = 0] = among;
  if (wanted === 0 || among.length > 1) throw new CommandFailure("this machine has no free port on 127.0.0.1");
  throw new CommandFailure(
    `port ${wanted} of 127.0.0.1 cannot be listened on: another program uses it, or this account may not`,
    {
      hints: ["Name another by --port, or none: then a free one is taken."],
    },
  );
}

function passOn(environment: DemoTools["environment"]): Record<string, string> {
  return Object.fromEntries(PASSED_ON.flatMap((name) => (environment[name] ? [[name, environment[name]]] : [])));
}

function introduce(
  { terminal }: CommandContext,
  { url, folder, logFile, environment }: Place,
  { crm, pbx, team }: { crm: FakeVtiger; pbx: DemoPbx; team: Team },
): void {
  const bold = (text: string): string => terminal.paint("bold", text);
  terminal.print(`
${bold("Enlace")}           ${url}   open it in a browser
${bold("Sign in as")}       admin / ${environment.ENLACE_ADMIN_PASSWORD}
                 ${team.supervisor.username} / ${team.supervisor.password}   a supervisor: calls, campaigns, reports
                 ${team.agent.username} / ${team.agent.password}   an agent at extension 1001; made for a telephone's screen
${bold("Interactive docs")} ${url}/docs
${bold("Sandbox CRM")}      ${new URL("/", crm.url).href}   (its records; the page reloads itself)
${bold("Simulated PBX")}    AMI on 127.0.0.1:${pbx.port}   (rings, queues, transfers, click-to-call, as Asterisk 16 tells them)
${bold("API")}              curl -H "X-API-KEY: $(cat ${join(folder, "cli-key")})" ${url}/api/v1/calls
${bold("Log")}              tail -f ${logFile}
Ctrl-C ends it.
`);
}

interface Stage {
  api: StreamingApiClient;
  agiPort: number;
  crm: FakeVtiger;
  pbx: DemoPbx;
  voices: Voices;
  team: Team;
  url: string;
  secret: string;
  interrupts: ReturnType<typeof onInterrupts>;
}

async function play(
  context: CommandContext,
  { seconds, rate, contacts }: Options,
  { api, agiPort, crm, pbx, voices, team, url, secret, interrupts }: Stage,
): Promise<void> {
  const { clock, random, terminal } = context;
  const { signal } = interrupts;
  const { ledger } = pbx;
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
  pbx.audience.say = story.say;
  const campaign = createCampaign({
    ...{ ...context, api, contacts, agiPort, setIvr: pbx.setIvr, say: story.say },
    supervisorId: team.supervisor.id,
  });
  const watching = watch(story, signal);
  const calling = runDemoPbx(
    { url, secret, callsPerSecond: rate, ledger, clock, random, toRecordingUrl: voices.toUrl },
    signal,
  );
  const onListening = (): void => campaign.begin(interrupts.byPerson);
  const phoning = runPbxPart(
    {
      ...{ pbx, api, ledger, clock, random, say: story.say, prepare: campaign.prepare, onListening },
      addExtensions: () => addExtensions(api, team),
    },
    signal,
  );
  const telling = tellStory(story, signal);
  if (seconds !== undefined) void rest(clock, seconds * 1000, signal).then(interrupts.end);
  await Promise.all([watching, calling, phoning, telling]);
  const verdict = await campaign.end();
  while (pbx.concurrent() > 0) await clock.sleep(LOOK_EVERY_MS);
  story.say("No more calls. Waiting for what is still on its way …");
  crm.faults.clear();
  const replayed = await replayDead(api);
  if (replayed > 0) story.say(`--- ${replayed} calls that the CRM had refused are sent once more, as Replay does it.`);
  await settle(story, interrupts.hurry);
  if (verdict) await tellDispositions(context, { crm, contacts: verdict.contacts, say: story.say });
  if (!(await sayVerdict(story))) throw new CommandFailure("the CRM does not hold exactly what was accepted");
  if (verdict && !verdict.isComplete) throw new CommandFailure("the campaign did not come to its end");
}

/** Everybody was called at least once; how it came out reaches the record a moment after the call. */
async function tellDispositions(
  { clock }: CommandContext,
  { crm, contacts, say }: { crm: FakeVtiger; contacts: number; say(line: string): void },
): Promise<void> {
  const count = (): number => crm.records().filter(({ fields }) => fields.cf_disposition).length;
  const givenUpAt = clock.monotonicMs() + DISPOSITIONS_WITHIN_MS;
  while (count() < contacts && clock.monotonicMs() < givenUpAt) await clock.sleep(LOOK_EVERY_MS);
  const calls = count();
  if (calls < contacts)
    throw new CommandFailure(`the CRM shows how ${calls} calls of the campaign came out, of ${contacts}`);
  say(`=== The CRM shows how ${calls} calls of the campaign came out (field cf_disposition).`);
}

/** Set up before Enlace listens, run beside everything else, waited for at the end. */
function createCampaign(options: DemoCampaignOptions) {
  let id: string | undefined;
  let running: Promise<CampaignVerdict | null> = Promise.resolve(null);
  return {
    prepare: async (): Promise<void> => {
      id = await prepareCampaign(options);
    },
    begin: (signal: AbortSignal): void => {
      if (id !== undefined) running = runCampaign(options, id, signal);
    },
    end: () => running,
  };
}

/** The first Ctrl-C (or SIGTERM) ends the calls, a second one the waiting for what is still on its way. */
function onInterrupts(interrupted: AbortSignal) {
  const [curtain, person, hurry] = [new AbortController(), new AbortController(), new AbortController()];
  const onSignal = (): void => {
    if (person.signal.aborted) hurry.abort();
    person.abort();
    curtain.abort();
  };
  process.on("SIGINT", onSignal).on("SIGTERM", onSignal);
  return {
    signal: AbortSignal.any([interrupted, curtain.signal]),
    /** Somebody wants it to end; the time that was set is over does not count. */
    byPerson: AbortSignal.any([interrupted, person.signal]),
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

function toElapsed(ms: number): string {
  const seconds = Math.round(ms / 1000);
  return `${String(Math.trunc(seconds / 60)).padStart(2)}:${String(seconds % 60).padStart(2, "0")}`;
}
