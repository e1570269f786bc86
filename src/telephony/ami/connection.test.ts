import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { after, test } from "node:test";
import { createManualClock } from "../../../test/manual-clock.ts";
import { createLog } from "../../kit/log.ts";
import { AmiConnection, type AmiConnectionOptions, type AmiState } from "./connection.ts";
import { type FakeAmi, type FakeAmiOptions, startFakeAmi, toBytes } from "./fake-ami.ts";
import { AmiUnansweredError, isSuccess } from "./session.ts";
import type { AmiItem } from "./stream.ts";

const log = createLog({ level: "silent", format: "json" });
const random = { fraction: () => 0, bytes: () => Buffer.alloc(1), uuid: () => "" };

async function connectTo(fakeOptions: FakeAmiOptions = {}, options: Partial<AmiConnectionOptions> = {}) {
  const fake = await startFakeAmi(fakeOptions);
  const clock = createManualClock();
  const items: AmiItem[] = [];
  const address = { host: "127.0.0.1", port: fake.port, username: "enlace", secret: "test-secret" };
  const onItems = (batch: readonly AmiItem[]): void => void items.push(...batch);
  const connection = new AmiConnection({ address, clock, random, log, onItems, ...options });
  after(async () => {
    await connection.stop();
    await fake.stop();
  });
  connection.start();
  return { fake, clock, connection, items };
}

/** Lets sockets move until it is so; a condition that never comes true fails by the runner's time-out. */
async function until(isSo: () => boolean): Promise<void> {
  for (let turn = 0; !isSo(); turn++) {
    if (turn > 200_000) throw new Error("it never came true");
    await new Promise((resolve) => setImmediate(resolve));
  }
}

const inState = (connection: AmiConnection, state: AmiState) => until(() => connection.status().state === state);
const kinds = (items: readonly AmiItem[]): string[] =>
  items.map((item) => (item.kind === "event" ? (item.message.get("Event") ?? "") : item.kind));
const countOf = (fake: FakeAmi, name: string): number =>
  fake.actions.filter((action) => action.get("Action") === name).length;

test("a login answers the challenge, never sends the secret, and begins the stream with the live channels", async () => {
  const fake = await startFakeAmi();
  fake.channels.push({ Channel: "PJSIP/101-0000000a", Uniqueid: "1.1", Linkedid: "1.1" });
  const items: AmiItem[] = [];
  const connection = new AmiConnection({
    address: { host: "127.0.0.1", port: fake.port, username: "enlace", secret: "test-secret" },
    clock: createManualClock(),
    random,
    log,
    onItems: (batch) => void items.push(...batch),
  });
  after(async () => {
    await connection.stop();
    await fake.stop();
  });
  connection.start();
  await inState(connection, "ready");
  await until(() => items.length === 2);
  assert.deepEqual(kinds(items), ["FullyBooted", "snapshot"]);
  const snapshot = items[1];
  assert.ok(snapshot?.kind === "snapshot" && snapshot.after === "connect");
  assert.equal(snapshot.channels[0]?.get("Uniqueid"), "1.1");
  assert.ok(!fake.actions.some((action) => action.lines.join().includes("test-secret")));
  assert.equal(connection.status().banner, "Asterisk Call Manager/5.0.4");
});

test("over TLS the PBX is who its certificate says, and one that nobody vouches for is not spoken to", async () => {
  const read = (name: string): string => readFileSync(join(import.meta.dirname, "fixtures", name), "utf8");
  const cert = read("test-only.crt");
  const fake = await startFakeAmi({ tls: { key: read("test-only.key"), cert } });
  const connectWith = (tls: { ca?: string; servername?: string }): AmiConnection => {
    const address = { host: "127.0.0.1", port: fake.port, username: "enlace", secret: "test-secret", tls };
    const connection = new AmiConnection({
      address,
      clock: createManualClock(),
      random,
      log,
      onItems: () => undefined,
    });
    after(() => connection.stop());
    connection.start();
    return connection;
  };
  after(() => fake.stop());
  await inState(connectWith({ ca: cert }), "ready");
  const stranger = connectWith({});
  await inState(stranger, "waiting");
  assert.match(stranger.status().problem?.text ?? "", /self-signed certificate/);
  const other = connectWith({ ca: cert, servername: "another.example.test" });
  await inState(other, "waiting");
  assert.match(other.status().problem?.text ?? "", /does not match certificate/);
  assert.equal(countOf(fake, "Login"), 1);
});

test("answers find their action whatever the order, and list items never reach the stream", async () => {
  const { fake, connection, items } = await connectTo();
  await inState(connection, "ready");
  fake.channels.push({ Channel: "PJSIP/101-1" }, { Channel: "PJSIP/102-2" });
  const held: (() => void)[] = [];
  fake.onAction = (action) => {
    if (action.get("Action") !== "Getvar") return false;
    held.unshift(() => action.answer({ Response: "Success", Value: action.get("Variable") ?? "" }));
    if (held.length === 2) for (const answer of held) answer();
    return true;
  };
  const [one, two, list] = await Promise.all([
    connection.send({ name: "Getvar", fields: { Variable: "one" } }),
    connection.send({ name: "Getvar", fields: { Variable: "two" } }),
    connection.list({ name: "CoreShowChannels" }),
  ]);
  assert.deepEqual([one.get("Value"), two.get("Value")], ["one", "two"]);
  assert.deepEqual(
    list.items.map((item) => item.get("Channel")),
    ["PJSIP/101-1", "PJSIP/102-2"],
  );
  assert.ok(!kinds(items).includes("CoreShowChannel"));
});

test("a refused action resolves with the refusal", async () => {
  const { connection } = await connectTo();
  await inState(connection, "ready");
  const response = await connection.send({ name: "Command", fields: { Command: "core show uptime" } });
  assert.equal(isSuccess(response), false);
});

test("an action that is not answered rejects after its time and may have been done", async () => {
  const { fake, clock, connection } = await connectTo();
  await inState(connection, "ready");
  fake.onAction = (action) => action.get("Action") === "Originate";
  const arrived = fake.next("Originate");
  const sent = connection.send({ name: "Originate" }, { timeoutMs: 3_000 });
  const rejected = assert.rejects(sent, (error: AmiUnansweredError) => error.why === "timeout" && error.sent);
  const action = await arrived;
  await clock.advance(3_000);
  await rejected;
  action.answer({ Response: "Success" }); // too late: an orphan, and nothing breaks
  assert.ok(isSuccess(await connection.send({ name: "Ping" })));
});

test("losing the connection rejects what is pending, says so in the stream, and comes back with a snapshot", async () => {
  const { fake, clock, connection, items } = await connectTo();
  await inState(connection, "ready");
  fake.onAction = (action) => action.get("Action") === "Originate";
  const arrived = fake.next("Originate");
  const rejected = assert.rejects(
    connection.send({ name: "Originate" }),
    (error: AmiUnansweredError) => error.why === "lost" && error.sent,
  );
  await arrived;
  fake.cut();
  await rejected;
  await inState(connection, "waiting");
  await assert.rejects(
    connection.send({ name: "Ping" }),
    (error: AmiUnansweredError) => error.why === "not_connected" && !error.sent,
  );
  await clock.advance(1_000);
  await inState(connection, "ready");
  await until(() => kinds(items).length >= 5);
  assert.deepEqual(kinds(items), ["FullyBooted", "snapshot", "lost", "FullyBooted", "snapshot"]);
  assert.equal(connection.status().sessions, 2);
});

test("a PBX that stops answering pings is left and tried again", async () => {
  const { fake, clock, connection } = await connectTo();
  await inState(connection, "ready");
  fake.onAction = (action) => action.get("Action") === "Ping";
  const ping = fake.next("Ping");
  await clock.advance(15_000);
  await ping;
  await clock.advance(10_000);
  await inState(connection, "waiting");
  assert.match(connection.status().problem?.text ?? "", /did not answer Ping/);
  fake.onAction = () => false;
  await clock.advance(1_000);
  await inState(connection, "ready");
});

test("the wait between attempts grows to no more than 30 s", async () => {
  const fake = await startFakeAmi();
  await fake.stop();
  const waits: number[] = [];
  const clock = createManualClock();
  const sleep = (ms: number, signal?: AbortSignal): Promise<void> => {
    waits.push(ms);
    return clock.sleep(ms, signal);
  };
  const connection = new AmiConnection({
    address: { host: "127.0.0.1", port: fake.port, username: "enlace", secret: "x" },
    clock: { ...clock, sleep },
    random: { ...random, fraction: () => 0.999_999 },
    log,
    onItems: () => undefined,
  });
  after(() => connection.stop());
  connection.start();
  for (let attempt = 1; attempt <= 8; attempt++) {
    await until(() => waits.length >= attempt);
    await clock.advance(30_000);
  }
  assert.deepEqual(waits.slice(0, 8), [2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000, 30_000]);
});

test("a refused login waits long before the next try", async () => {
  const { clock, connection, fake } = await connectTo({ secret: "another" });
  await inState(connection, "waiting");
  assert.equal(connection.status().problem?.text, "the PBX refused the login: Authentication failed");
  await clock.advance(14_000);
  assert.equal(countOf(fake, "Login"), 1);
  await clock.advance(1_000);
  await until(() => countOf(fake, "Login") === 2);
});

test("a port that is not AMI is said to be so", async () => {
  const { connection } = await connectTo({ banner: "220 mail.example.test ESMTP" });
  await inState(connection, "waiting");
  assert.equal(connection.status().problem?.text, "this is not an Asterisk Manager port");
});

test("a port that takes the connection and says nothing is given up after 10 s", async () => {
  const server = createServer(() => undefined);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const clock = createManualClock();
  const { port } = server.address() as { port: number };
  const address = { host: "127.0.0.1", port, username: "u", secret: "s" };
  const connection = new AmiConnection({ address, clock, random, log, onItems: () => undefined });
  after(async () => {
    await connection.stop();
    server.close();
  });
  connection.start();
  await until(() => clock.timers() === 1);
  await clock.advance(10_000);
  await inState(connection, "waiting");
  assert.match(connection.status().problem?.text ?? "", /no answer within 10000 ms/);
});

test("a user without the class reporting gets the channels from Status", async () => {
  const { connection, fake, items } = await connectTo({ mayReport: false });
  await inState(connection, "ready");
  await until(() => kinds(items).includes("snapshot"));
  assert.equal(countOf(fake, "Status"), 1);
});

test("events beyond the buffer are counted, and a snapshot follows once it has drained", async () => {
  const release = Promise.withResolvers<void>();
  const items: AmiItem[] = [];
  let first = true;
  const { fake, clock, connection } = await connectTo(
    {},
    {
      itemsMax: 10,
      onItems: async (batch) => {
        if (first) await release.promise;
        first = false;
        items.push(...batch);
      },
    },
  );
  await inState(connection, "ready");
  fake.raw(Array.from({ length: 50 }, (_, index) => toBytes({ Event: "Newchannel", Uniqueid: `${index}` })).join(""));
  await until(() => connection.status().events === 51);
  release.resolve();
  await until(() => items.length > 10);
  await clock.advance(500);
  await until(() => items.at(-1)?.kind === "snapshot");
  const gap = items.at(-1);
  assert.ok(gap?.kind === "snapshot" && gap.after === "gap");
  assert.equal(connection.status().droppedEvents + items.length - 1, 52, "every item was delivered or counted");
  fake.event({ Event: "Newchannel", Uniqueid: "after" });
  await until(() => kinds(items).at(-1) === "Newchannel");
});

test("items that the consumer could not take are counted, and a snapshot follows", async () => {
  let failing = true;
  const items: AmiItem[] = [];
  const { clock, connection } = await connectTo(
    {},
    {
      onItems: (batch) => {
        if (failing) throw new Error("the database is away");
        items.push(...batch);
      },
    },
  );
  await inState(connection, "ready");
  await until(() => connection.status().droppedEvents === 2);
  failing = false;
  await clock.advance(500);
  await until(() => items.length === 1);
  assert.ok(items[0]?.kind === "snapshot" && items[0].after === "gap");
});

test("stop ends the connection, refuses further actions and delivers what was received", async () => {
  const { fake, connection, items } = await connectTo();
  await inState(connection, "ready");
  await connection.stop();
  assert.equal(connection.status().state, "stopped");
  assert.deepEqual(kinds(items).slice(0, 2), ["FullyBooted", "snapshot"]);
  await assert.rejects(connection.send({ name: "Ping" }), AmiUnansweredError);
  await until(() => fake.connections() === 0);
});

test("stop while waiting to reconnect does not wait", async () => {
  const { connection, fake } = await connectTo();
  await inState(connection, "ready");
  fake.cut();
  await inState(connection, "waiting");
  await connection.stop();
  assert.equal(connection.status().state, "stopped");
});

test("an aborted caller is let go at once", async () => {
  const { fake, connection } = await connectTo();
  await inState(connection, "ready");
  fake.onAction = (action) => action.get("Action") === "Originate";
  const controller = new AbortController();
  const arrived = fake.next("Originate");
  const rejected = assert.rejects(
    connection.send({ name: "Originate" }, { signal: controller.signal }),
    (error: AmiUnansweredError) => error.why === "aborted",
  );
  await arrived;
  controller.abort();
  await rejected;
});
