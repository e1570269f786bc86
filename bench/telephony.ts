import { fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import type { ExpectedCall } from "../src/telephony/fake-pbx/fake-call.ts";
import type { Figure, FigureContext } from "./figure.ts";
import { residentMiB, runChild } from "./process.ts";
import { cpuSeconds } from "./processor-time.ts";
import { ACCOUNT, type PbxReport } from "./simulated-pbx.ts";
import { execute, startEnlace } from "./stage.ts";

/**
 * (e) A PBX with 2,000 calls going on, heard over AMI: every one of them must be in PostgreSQL as the PBX itself says it was,
 * soon after it ended, in memory that does not grow. Its cost is compared with committing as many bare rows through pg.
 */
export const telephony: Figure = { name: "telephony", run: runTelephony };

const CONCURRENT = 2_000;
/** While the PBX fills up; then a call begins when another ends, some 180 a second. */
const CALLS_PER_SECOND = 300;
const FULL_WITHIN_MS = 30_000;
const DRAINED_WITHIN_MS = 45_000;
const LOOK_EVERY_MS = 50;
const LATE_MS = 10_000;

async function runTelephony({ stage, seconds, report }: FigureContext): Promise<void> {
  const url = await stage.createDatabase("telephony");
  const pbx = await startPbx();
  const { host, port } = { host: "127.0.0.1", port: String(pbx.port) };
  const account = { AMI_HOST: host, AMI_PORT: port, AMI_USERNAME: ACCOUNT.username, AMI_SECRET: ACCOUNT.secret };
  const enlace = await startEnlace(url, account);
  const postgres = await stage.postgresPid();
  const watcher = await openWatcher(url);
  try {
    await isListening(enlace.port);
    pbx.tell("start");
    await until(async () => (await pbx.report()).live >= CONCURRENT * 0.95, FULL_WITHIN_MS, "the PBX is full");
    const costOf = (): number => cpuSeconds(enlace.pid) + cpuSeconds(postgres, { children: true });
    const before = { at: performance.now(), cpu: costOf(), ...(await pbx.counters()), facts: await watcher.facts() };
    const memory = [residentMiB(enlace.pid)];
    for (let part = 0; part < 2; part++) {
      await watchLag(pbx, watcher, seconds * 1000);
      memory.push(residentMiB(enlace.pid));
    }
    const took = (performance.now() - before.at) / 1000;
    const after = { cpu: costOf(), ...(await pbx.counters()), facts: await watcher.facts() };
    const [calls, facts] = [after.ended - before.ended, after.facts - before.facts];
    await watcher.settleLags(); // at once: nobody looks for the last ones while the others come to their end
    pbx.tell("stop");
    await until(async () => (await pbx.report()).live === 0, DRAINED_WITHIN_MS, "every call is over");
    await watcher.drained(pbx.ended);
    const peer = await measureBareRows(stage.createDatabase, postgres, seconds);
    const wrong = await watcher.wrong(pbx.ended);
    const cpuPerFact = (after.cpu - before.cpu) / facts;
    say(report, {
      calls,
      facts,
      took,
      memory,
      events: after.events - before.events,
      lags: watcher.lags,
      live: after.live,
    });
    report("calls of the PBX that are missing in PostgreSQL or other than it says", {
      value: wrong.length,
      atMost: 0,
      detail: `of ${pbx.ended.length}${wrong.length > 0 ? `; ${wrong[0]}` : ""}`,
    });
    report("processor time for a fact of a call, PostgreSQL included, against a bare row committed through pg", {
      ratio: cpuPerFact / peer.cpuPerRow,
      ours: cpuPerFact * 1e6,
      peer: peer.cpuPerRow * 1e6,
      detail: "microseconds; a fact is an event stored once, its call kept in step, several sharing one commit",
    });
  } finally {
    await watcher.close();
    await enlace.stop();
    await pbx.stop();
  }
}

interface Seen {
  calls: number;
  facts: number;
  events: number;
  took: number;
  live: number;
  memory: readonly number[];
  lags: number[];
}

function say(report: FigureContext["report"], { calls, facts, events, took, live, memory, lags }: Seen): void {
  const rate = (count: number): string => `${Math.round(count / took)}`;
  lags.sort((a, b) => a - b);
  const percentile = (share: number): number => lags[Math.min(lags.length - 1, Math.floor(lags.length * share))] ?? 0;
  const [start = 0, middle = 0, end = 0] = memory;
  report(`concurrent calls heard over AMI`, {
    value: live,
    atLeast: CONCURRENT * 0.95,
    detail: `${rate(calls)} calls/s ended, ${rate(events)} events/s, ${rate(facts)} facts/s stored`,
  });
  report("from a call's last event to its end in PostgreSQL, p99 in ms", {
    value: percentile(0.99),
    atMost: 1_000,
    detail: `median ${percentile(0.5).toFixed(0)} ms, ${lags.length} calls, looked for every ${LOOK_EVERY_MS} ms`,
  });
  report("memory at the end of that against its middle", {
    ratio: end / middle,
    ours: end,
    peer: middle,
    atMost: 1.2,
    detail: `MiB; ${start.toFixed(0)} when the PBX was full`,
  });
}

interface BenchPbx {
  port: number;
  ended: ExpectedCall[];
  tell(order: "start" | "stop"): void;
  /** Also gathers what ended into `ended`. */
  report(): Promise<PbxReport>;
  counters(): Promise<{ events: number; live: number; ended: number }>;
  stop(): Promise<void>;
}

async function startPbx(): Promise<BenchPbx> {
  const file = join(import.meta.dirname, "simulated-pbx.ts");
  const child = fork(file, [String(CONCURRENT), String(CALLS_PER_SECOND)]);
  const [port] = (await once(child, "message")) as [number];
  const ended: ExpectedCall[] = [];
  const ask = async (): Promise<PbxReport> => {
    child.send("report");
    const [answer] = (await once(child, "message")) as [PbxReport];
    ended.push(...answer.ended);
    return answer;
  };
  return {
    ...{ port, ended, report: ask },
    tell: (order) => void child.send(order),
    counters: async () => {
      const { events, live } = await ask();
      return { events, live, ended: ended.length };
    },
    stop: async () => {
      const gone = once(child, "exit");
      child.kill();
      await gone;
    },
  };
}

/** Looks into the database like anybody else, a few times a second. */
async function openWatcher(url: string) {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const lags: number[] = [];
  const waiting = new Map<string, number>();

  async function look(): Promise<void> {
    if (waiting.size === 0) return;
    const text = "select call_uuid from calls where call_uuid = any($1) and ended_at is not null";
    const { rows } = await client.query<{ call_uuid: string }>({ name: "look", text, values: [[...waiting.keys()]] });
    const now = Date.now();
    for (const { call_uuid } of rows) {
      lags.push(now - (waiting.get(call_uuid) ?? now));
      waiting.delete(call_uuid);
    }
  }

  const load = async () => {
    const text = "select call_uuid, direction, outcome, agent_extension from calls";
    const { rows } =
      await client.query<Record<"call_uuid" | "direction" | "outcome" | "agent_extension", string>>(text);
    return new Map(rows.map((row) => [row.call_uuid, `${row.direction} ${row.outcome} ${row.agent_extension}`]));
  };

  return {
    lags,
    expect: (calls: readonly ExpectedCall[]): void => {
      for (const { callUuid, endedAt } of calls) waiting.set(callUuid, new Date(endedAt ?? 0).getTime());
    },
    look,
    facts: async (): Promise<number> =>
      Number((await client.query<{ count: string }>("select count(*) from facts")).rows[0]?.count),
    drained: (ended: readonly ExpectedCall[]): Promise<void> =>
      until(
        async () => {
          const text = "select count(*) from calls where ended_at is not null";
          return Number((await client.query<{ count: string }>(text)).rows[0]?.count) >= ended.length;
        },
        DRAINED_WITHIN_MS,
        "every call is stored",
      ).catch(() => undefined), // what never came is counted as wrong
    /** Goes on looking for a while for the calls that ended meanwhile; what is not there then has been late at least that long. */
    settleLags: async (): Promise<void> => {
      const endsAt = performance.now() + LATE_MS;
      for (; waiting.size > 0 && performance.now() < endsAt; await sleep(LOOK_EVERY_MS)) await look();
      for (const at of waiting.values()) lags.push(Date.now() - at);
    },
    /** A sentence for each call that is not stored as the PBX says it was. */
    wrong: async (ended: readonly ExpectedCall[]): Promise<string[]> => {
      const stored = await load();
      return ended.flatMap(({ callUuid, kind, direction, outcome, agentExtension }) => {
        const [found, wanted] = [stored.get(callUuid), `${direction} ${outcome} ${agentExtension}`];
        return found === wanted ? [] : [`${callUuid} (${kind}) is "${found ?? "missing"}", not "${wanted}"`];
      });
    },
    close: () => client.end(),
  };
}

async function watchLag(pbx: BenchPbx, watcher: Awaited<ReturnType<typeof openWatcher>>, ms: number): Promise<void> {
  for (const endsAt = performance.now() + ms; performance.now() < endsAt; await sleep(LOOK_EVERY_MS)) {
    watcher.expect((await pbx.report()).ended);
    await watcher.look();
  }
}

/** The peer: 16 clients, each committing one bare row of about the same size at a time. */
async function measureBareRows(
  createDatabase: (name: string) => Promise<string>,
  postgres: number,
  seconds: number,
): Promise<{ cpuPerRow: number }> {
  const url = await createDatabase("bare_rows");
  await execute(url, "select 1");
  const before = cpuSeconds(postgres, { children: true });
  const options = JSON.stringify({ url, clients: 16, seconds });
  const { perSecond, cpuSeconds: own } = await runChild<{ perSecond: number; cpuSeconds: number }>([
    "bench/insert-load.ts",
    options,
  ]);
  return { cpuPerRow: (own + cpuSeconds(postgres, { children: true }) - before) / (perSecond * seconds) };
}

async function isListening(port: number): Promise<void> {
  await until(
    async () => {
      const { checks } = (await (await fetch(`http://127.0.0.1:${port}/ready`)).json()) as {
        checks: { pbx?: { detail: string } };
      };
      return checks.pbx?.detail.includes("ready: ") === true;
    },
    FULL_WITHIN_MS,
    "Enlace listens to the PBX",
  );
}

async function until(isSo: () => Promise<boolean>, withinMs: number, what: string): Promise<void> {
  for (const endsAt = performance.now() + withinMs; performance.now() < endsAt; await sleep(200)) {
    if (await isSo()) return;
  }
  throw new Error(`${what}: not within ${withinMs} ms`);
}
