import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import {
  appendFileSync,
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, test } from "node:test";
import pg from "pg";
import { silentLog } from "../../../test/database.ts";
import { systemClock } from "../clock.ts";
import type { Log } from "../log.ts";
import { systemRandom } from "../random.ts";
import { type EmbeddedPostgres, type EmbeddedPostgresOptions, startEmbeddedPostgres } from "./embedded.ts";
import { loadProcess } from "./embedded-processes.ts";

const isRoot = process.getuid?.() === 0;
const asNobody = { uid: 65_534, gid: 65_534 };

const started: EmbeddedPostgres[] = [];
after(async () => {
  for (const embedded of started) await embedded.stop(); // those of failed tests; a second stop does nothing
});

function newFolder(): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "enlace-embedded-")));
  after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

async function start(dataFolder: string, more: Partial<EmbeddedPostgresOptions> = {}): Promise<EmbeddedPostgres> {
  const given = { dataFolder, clock: systemClock, random: systemRandom, log: silentLog };
  const embedded = await startEmbeddedPostgres({ ...given, ...more });
  started.push(embedded);
  return embedded;
}

async function query<T extends pg.QueryResultRow>(url: string, text: string): Promise<T[]> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5_000 });
  await client.connect();
  try {
    return (await client.query<T>(text)).rows;
  } finally {
    await client.end();
  }
}

/** Asks again until the server that is being restarted answers; the test's own time limit bounds it. */
async function queryWhenBack<T extends pg.QueryResultRow>(url: string, text: string): Promise<T[]> {
  for (;;) {
    try {
      return await query<T>(url, text);
    } catch {
      await systemClock.sleep(20); // it is down at this moment: that is what is being tested
    }
  }
}

/** An Enlace in a process of its own: the address it printed, and the process to kill. */
async function startProcess(dataFolder: string, account = {}): Promise<{ child: ChildProcess; url: string }> {
  const child = spawn(process.execPath, [join(import.meta.dirname, "fake-enlace.ts"), dataFolder], {
    stdio: ["ignore", "pipe", "inherit"],
    cwd: tmpdir(),
    ...account,
  });
  const [url] = (await once(createInterface(child.stdout as NodeJS.ReadableStream), "line")) as [string];
  return { child, url };
}

const serverPid = (dataFolder: string): number =>
  Number.parseInt(readFileSync(join(dataFolder, "postgres/cluster/postmaster.pid"), "utf8"), 10);

test("rows stay over a stop and a start, and a stop leaves no process", { timeout: 60_000 }, async () => {
  const dataFolder = newFolder();
  const first = await start(dataFolder);
  await query(first.url, "create table kept (n integer)");
  await query(first.url, "insert into kept values (7)");
  const pid = serverPid(dataFolder);
  await first.stop();
  assert.equal(await loadProcess(pid), undefined);
  const second = await start(dataFolder);
  assert.deepEqual(await query(second.url, "select n from kept"), [{ n: 7 }]);
  await second.stop();
});

test("it is durable, in UTC, in UTF-8, private, and not driven as superuser", { timeout: 60_000 }, async () => {
  const dataFolder = newFolder();
  const { url, stop } = await start(dataFolder);
  const rows = await query<{ [name: string]: string }>(
    url,
    `select current_setting('fsync') as fsync, current_setting('synchronous_commit') as commit,
            current_setting('timezone') as zone, current_setting('server_encoding') as encoding,
            current_setting('data_checksums') as checksums, current_setting('max_connections')::int >= 100 as enough,
            (select rolsuper from pg_roles where rolname = current_user) as superuser, lower('ÁÑЖ') as lower`,
  );
  assert.deepEqual(rows, [
    {
      fsync: "on",
      commit: "on",
      zone: "UTC",
      encoding: "UTF8",
      checksums: "on",
      enough: true,
      superuser: false,
      lower: "áñж",
    },
  ]);
  assert.equal(lstatSync(join(dataFolder, "postgres")).mode & 0o777, 0o700);
  assert.equal(lstatSync(join(dataFolder, "postgres/password")).mode & 0o777, 0o600);
  const stranger = new URL(url);
  stranger.password = "guess";
  await assert.rejects(query(stranger.href, "select 1"), /password authentication failed/);
  await stop();
});

test("after kill -9 of Enlace the next start stops the survivor and finds every row", { timeout: 60_000 }, async () => {
  const dataFolder = newFolder();
  const { child, url } = await startProcess(dataFolder);
  await query(url, "create table kept (n integer)");
  await query(url, "insert into kept values (1)");
  const survivor = serverPid(dataFolder);
  child.kill("SIGKILL");
  await once(child, "exit");
  assert.ok(await loadProcess(survivor), "PostgreSQL outlives its Enlace");
  const next = await start(dataFolder);
  assert.equal(await loadProcess(survivor), undefined);
  assert.deepEqual(await query(next.url, "select n from kept"), [{ n: 1 }]);
  await next.stop();
});

test("a second Enlace on the folder is refused by name, and the first goes on", { timeout: 60_000 }, async () => {
  const dataFolder = newFolder();
  const { child, url } = await startProcess(dataFolder);
  await assert.rejects(start(dataFolder), (error: Error) => {
    assert.match(error.message, new RegExp(`in use by Enlace with process number ${child.pid}.*ENLACE_DATA`));
    return true;
  });
  assert.deepEqual(await query(url, "select 1 as n"), [{ n: 1 }]);
  child.kill("SIGTERM");
  assert.deepEqual(await once(child, "exit"), [0, null]);
});

test("a process that got the number of a stale postmaster.pid is left alone", { timeout: 60_000 }, async () => {
  const dataFolder = newFolder();
  await (await start(dataFolder)).stop();
  const innocent = spawn("sleep", ["60"]);
  await once(innocent, "spawn");
  const cluster = join(dataFolder, "postgres/cluster");
  writeFileSync(join(cluster, "postmaster.pid"), `${innocent.pid}\n${cluster}\n1700000000\n5432\n`);
  writeFileSync(join(dataFolder, "postgres/run/.s.PGSQL.5432.lock"), `${innocent.pid}\n${cluster}\n`);
  const { url, stop } = await start(dataFolder);
  assert.deepEqual(await query(url, "select 1 as n"), [{ n: 1 }]);
  await stop();
  assert.equal(innocent.exitCode ?? innocent.signalCode, null);
  innocent.kill();
});

test("after kill -9 of PostgreSQL it comes back at its address with every acknowledged row", {
  timeout: 60_000,
}, async () => {
  const dataFolder = newFolder();
  const events: string[] = [];
  const log = { ...silentLog, error: (_: object, event: string) => events.push(event) } as unknown as Log;
  const { url, stop } = await start(dataFolder, { log });
  await query(url, "create table kept (n integer)");
  for (let round = 0; round < 2; round++) {
    await query(url, `insert into kept values (${round})`);
    process.kill(serverPid(dataFolder), "SIGKILL");
    const rows = await queryWhenBack<{ n: number }>(url, "select n from kept order by n");
    assert.deepEqual(rows.length, round + 1);
  }
  assert.ok(events.filter((event) => event === "database.died").length >= 1);
  await stop();
});

test("where the path is too long for a socket it listens on loopback, still with a password", {
  timeout: 60_000,
}, async () => {
  const parent = newFolder();
  chmodSync(parent, 0o711);
  const dataFolder = join(parent, "a".repeat(60), "b".repeat(60));
  const { url, stop } = await start(dataFolder);
  assert.equal(new URL(url).hostname, "127.0.0.1");
  assert.deepEqual(await query(url, "select 1 as n"), [{ n: 1 }]);
  const stranger = new URL(url);
  stranger.password = "guess";
  await assert.rejects(query(stranger.href, "select 1"), /password authentication failed/);
  await stop();
});

test("below a folder its account cannot enter, the cluster is placed elsewhere and linked", {
  timeout: 60_000,
  skip: !isRoot && "needs root",
}, async () => {
  const [locked, fallbackRoot] = [newFolder(), join(newFolder(), "fallback")];
  chmodSync(join(fallbackRoot, ".."), 0o711);
  const dataFolder = join(locked, "data");
  const first = await start(dataFolder, { fallbackRoot });
  await query(first.url, "create table kept (n integer)");
  await first.stop();
  assert.ok(lstatSync(join(dataFolder, "postgres")).isSymbolicLink());
  assert.ok(realpathSync(join(dataFolder, "postgres")).startsWith(fallbackRoot));
  const second = await start(dataFolder, { fallbackRoot });
  assert.deepEqual(await query(second.url, "select n from kept"), []);
  await second.stop();
  rmSync(fallbackRoot, { recursive: true });
  await assert.rejects(start(dataFolder, { fallbackRoot }), /a link to a place that is gone/);
});

test("a barrier that appears later is named with the command that mends it", {
  timeout: 60_000,
  skip: !isRoot && "needs root",
}, async () => {
  const parent = newFolder();
  chmodSync(parent, 0o711);
  const dataFolder = join(parent, "data");
  await (await start(dataFolder)).stop();
  chmodSync(parent, 0o700);
  await assert.rejects(start(dataFolder), new RegExp(`chmod o\\+x ${parent}`));
});

test("it runs without root as well", {
  timeout: 60_000,
  skip: !isRoot && "this whole run is without root",
}, async () => {
  const folder = newFolder();
  chmodSync(folder, 0o777);
  const { child, url } = await startProcess(join(folder, "data"), asNobody);
  assert.deepEqual(await query(url, "select 1 as n"), [{ n: 1 }]);
  assert.equal(lstatSync(join(folder, "data/postgres/cluster")).uid, asNobody.uid);
  child.kill("SIGTERM");
  assert.deepEqual(await once(child, "exit"), [0, null]);
  const asRoot = await start(join(folder, "data"));
  assert.equal(lstatSync(join(folder, "data/postgres/cluster")).uid, asNobody.uid);
  await asRoot.stop();
});

test("a cluster of another PostgreSQL, or one without its password, is refused with the way out", {
  timeout: 60_000,
}, async () => {
  const dataFolder = newFolder();
  await (await start(dataFolder)).stop();
  writeFileSync(join(dataFolder, "postgres/cluster/PG_VERSION"), "16\n");
  await assert.rejects(start(dataFolder), /made by PostgreSQL 16.*enlace backup/s);
  writeFileSync(join(dataFolder, "postgres/cluster/PG_VERSION"), "17\n");
  rmSync(join(dataFolder, "postgres/password"));
  await assert.rejects(start(dataFolder), /password is missing/);
});

test("a cluster left half-made is made anew", { timeout: 60_000 }, async () => {
  const dataFolder = newFolder();
  mkdirSync(join(dataFolder, "postgres/cluster.new/base"), { recursive: true });
  const { url, stop } = await start(dataFolder);
  assert.deepEqual(await query(url, "select 1 as n"), [{ n: 1 }]);
  await stop();
});

test("a server that does not start says why in its own words, and the folder is free again", {
  timeout: 60_000,
}, async () => {
  const dataFolder = newFolder();
  await assert.rejects(
    start(dataFolder, { settings: { shared_buffers: "nonsense" } }),
    /did not start: .*invalid value for parameter "shared_buffers"/s,
  );
  await (await start(dataFolder)).stop();
});

test("its log is emptied under it before it grows without bound, and begins anew at a start", {
  timeout: 60_000,
}, async () => {
  const dataFolder = newFolder();
  const minute = Promise.withResolvers<void>();
  const checked = Promise.withResolvers<void>();
  let checks = 0;
  const sleep = (ms: number, signal?: AbortSignal): Promise<void> => {
    if (ms < 60_000) return systemClock.sleep(ms, signal);
    if (++checks === 1) return minute.promise;
    checked.resolve(); // it is about to wait for the next check
    return systemClock.sleep(ms, signal);
  };
  const { stop } = await start(dataFolder, { clock: { ...systemClock, sleep } });
  const logFile = join(dataFolder, "postgres/server.log");
  appendFileSync(logFile, "x".repeat(9 * 1024 * 1024));
  minute.resolve();
  await checked.promise;
  assert.equal(lstatSync(logFile).size, 0);
  await stop();
  assert.match(readFileSync(logFile, "utf8"), /database system is shut down/);
  await (await start(dataFolder)).stop();
  assert.match(readFileSync(`${logFile}.1`, "utf8"), /database system is shut down/);
});
