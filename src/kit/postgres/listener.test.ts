import assert from "node:assert/strict";
import { after, test } from "node:test";
import { sql } from "kysely";
import { createTestDatabase, silentLog } from "../../../test/database.ts";
import { systemClock } from "../clock.ts";
import type { Log } from "../log.ts";
import { startMutableLine } from "./fake-line.ts";
import { createListener, type NotificationListener } from "./listener.ts";

const database = await createTestDatabase();

/** A listener on `channel` that hands out what it heard, one by one and in order. */
async function startHearing(channel: string) {
  const listener = createListener({ url: database.url, clock: systemClock, log: silentLog });
  const heard = createInbox();
  listener.on(channel, heard.put);
  await listener.start();
  after(() => listener.stop());
  return { listener, next: heard.next };
}

function createInbox() {
  const arrived: (string | null)[] = [];
  let wake = Promise.withResolvers<void>();
  const put: NotificationListener = (payload) => {
    arrived.push(payload);
    wake.resolve();
  };
  const next = async (): Promise<string | null> => {
    while (arrived.length === 0) await wake.promise;
    wake = Promise.withResolvers();
    return arrived.shift() ?? null;
  };
  return { put, next };
}

const notify = (channel: string, payload: string) =>
  sql`select pg_notify(${channel}, ${payload})`.execute(database.sql);
const killListeners = () =>
  sql`select pg_terminate_backend(pid) from pg_stat_activity
       where application_name = 'enlace listener' and datname = current_database()`.execute(database.sql);

test("a notification arrives with its payload, and only on its channel", async () => {
  const { next } = await startHearing("first");
  await notify("other", "not for us");
  await notify("first", "7");
  await notify("first", "8,9");
  assert.equal(await next(), "7");
  assert.equal(await next(), "8,9");
});

test("after a killed connection the listener hears null, then what follows", async () => {
  const { next } = await startHearing("killed");
  await notify("killed", "before");
  assert.equal(await next(), "before");
  await killListeners();
  assert.equal(await next(), null);
  await notify("killed", "after");
  assert.equal(await next(), "after");
});

test("a channel asked for while running is heard, beginning with null", async () => {
  const { listener } = await startHearing("early");
  const late = createInbox();
  listener.on('la"te', late.put);
  assert.equal(await late.next(), null);
  await notify('la"te', "heard");
  assert.equal(await late.next(), "heard");
});

test("a listener that throws does not silence the others, and one taken off hears nothing more", async () => {
  const { listener, next } = await startHearing("shared");
  let calls = 0;
  const off = listener.on("shared", () => {
    calls++;
    throw new Error("a bug");
  });
  await notify("shared", "one");
  assert.equal(await next(), "one");
  off();
  await notify("shared", "two");
  assert.equal(await next(), "two");
  assert.equal(calls, 1);
});

test("start rejects when there is no server to listen to", async () => {
  const nowhere = createListener({ url: "postgres://x@127.0.0.1:1/x", clock: systemClock, log: silentLog });
  await assert.rejects(nowhere.start(), /ECONNREFUSED/);
  await nowhere.stop();
});

test("a connection that dies without a word is replaced", async () => {
  const line = await startMutableLine(database.url);
  const listener = createListener({
    url: line.url,
    clock: systemClock,
    log: silentLog,
    heartbeatMs: 20,
    answerTimeoutMs: 100,
  });
  const heard = createInbox();
  listener.on("silent", heard.put);
  await listener.start();
  line.mute();
  assert.equal(await heard.next(), null);
  await notify("silent", "over the new one");
  assert.equal(await heard.next(), "over the new one");
  await listener.stop();
});

test("while the server is away it keeps trying, and stop ends the wait", async () => {
  const line = await startMutableLine(database.url);
  const failed = Promise.withResolvers<void>();
  const log = {
    ...silentLog,
    warn: (_: object, event: string) => event === "listener.connect_failed" && failed.resolve(),
  };
  const listener = createListener({ url: line.url, clock: systemClock, log: log as unknown as Log });
  await listener.start();
  line.cut();
  await failed.promise;
  await listener.stop();
});
