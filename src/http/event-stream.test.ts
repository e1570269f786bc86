import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, connect } from "node:net";
import { test } from "node:test";
import { eventually } from "../../test/eventually.ts";
import { createTestServer } from "../../test/http-fixture.ts";
import { AppError } from "../core/errors.ts";
import { systemClock } from "../kit/clock.ts";
import { publicAccess } from "./access.ts";
import { createSeats, type EventStream, openEventStream } from "./event-stream.ts";

async function startStream(mayListen: () => Promise<boolean> = async () => true) {
  const app = await createTestServer();
  const opened = Promise.withResolvers<EventStream>();
  app.get("/stream", { config: { access: publicAccess } }, (_request, reply) => {
    opened.resolve(openEventStream(reply, { clock: systemClock, beatMs: 5, mayListen }));
    return reply;
  });
  await app.listen({ host: "127.0.0.1", port: 0 });
  return { app, opened: opened.promise, port: (app.server.address() as AddressInfo).port };
}

test("events arrive as they are sent, with signs of life between them, and the end is told", async () => {
  const { app, opened, port } = await startStream();
  const answer = await fetch(`http://127.0.0.1:${port}/stream`);
  assert.match(answer.headers.get("content-type") ?? "", /^text\/event-stream/);
  const stream = await opened;
  stream.send({ name: "one", data: "1", id: "a-1" });
  const reader = answer.body?.pipeThrough(new TextDecoderStream()).getReader() ?? assert.fail();
  let text = "";
  // On a busy machine signs of life come before it, too.
  while (!/event: one.*event: beat/s.test(text)) text += (await reader.read()).value;
  assert.match(text, /event: one\nid: a-1\ndata: 1\n\n/);
  stream.end();
  stream.send({ name: "late", data: "2" });
  for (let part = await reader.read(); !part.done; part = await reader.read()) text += part.value;
  assert.doesNotMatch(text, /late/);
  assert.ok(stream.closed.aborted);
  await app.close();
});

test("who may not listen any more hears no further beat", async () => {
  const { app, opened, port } = await startStream(async () => false);
  const answer = await fetch(`http://127.0.0.1:${port}/stream`);
  assert.equal(await answer.text(), ":\n\n");
  assert.ok((await opened).closed.aborted);
  await app.close();
});

test("a client that takes nothing is behind, and is cut before its buffer grows without bound", async () => {
  const { app, opened, port } = await startStream();
  const socket = connect(port, "127.0.0.1");
  socket.pause();
  socket.on("error", () => socket.destroy());
  await once(socket, "connect");
  socket.write("GET /stream HTTP/1.1\r\nhost: x\r\n\r\n");
  const stream = await opened;
  const data = "x".repeat(1024 * 1024);
  await eventually(() => {
    stream.send({ name: "large", data });
    assert.ok(stream.isBehind());
  });
  await eventually(() => {
    stream.send({ name: "large", data });
    assert.ok(stream.closed.aborted);
  });
  socket.destroy();
  await app.close();
});

test("seats run out by each of their names, and a seat is given back once", () => {
  const seats = createSeats();
  const leave = seats.take({ person: 2, house: 3 });
  seats.take({ person: 2, house: 3 });
  assert.throws(() => seats.take({ person: 2, house: 3 }), AppError);
  seats.take({ other: 2, house: 3 });
  assert.throws(() => seats.take({ other: 2, house: 3 }), /3 live views/);
  leave();
  leave();
  seats.take({ person: 2, house: 3 });
  assert.throws(() => seats.take({ third: 2, house: 3 }), AppError);
});
