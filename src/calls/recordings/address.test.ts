import assert from "node:assert/strict";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer, type RequestListener } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { after, test } from "node:test";
import { AppError } from "../../core/errors.ts";
import { systemClock } from "../../kit/clock.ts";
import { createHttpStreamer } from "../../kit/http-stream.ts";
import { createRecordingAddresses, fillAddress, toDownloadName } from "./address.ts";

const BYTES = Buffer.from("0123456789");
let answer: RequestListener = (_request, response) => void response.writeHead(404).end();
const heard: (string | undefined)[] = [];
const server = createServer((request, response) => {
  heard.push(request.headers.range);
  answer(request, response);
}).listen(0, "127.0.0.1");
await once(server, "listening");
const streamer = createHttpStreamer({ clock: systemClock, allowTargets: { private: true, loopback: true } });
const addresses = createRecordingAddresses(streamer.stream);
after(async () => {
  await streamer.close();
  server.closeAllConnections();
  server.close();
});
const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/monitor/a.wav`;
const { signal } = new AbortController();
const asked = (range?: string, method: "GET" | "HEAD" = "GET") => ({ method, range, ifRange: undefined, signal });

const withRanges: RequestListener = (request, response) => {
  const [, first, last] = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? "") ?? [];
  if (first === undefined)
    return response.writeHead(200, { "content-type": "audio/x-wav", "content-length": 10 }).end(BYTES);
  if (Number(first) >= 10) return response.writeHead(416, { "content-range": "bytes */10" }).end();
  const part = BYTES.subarray(Number(first), last ? Number(last) + 1 : 10);
  const head = {
    "content-type": "audio/x-wav",
    "content-range": `bytes ${first}-${Number(first) + part.length - 1}/10`,
  };
  return response.writeHead(206, { ...head, "content-length": part.length }).end(part);
};
const refusal = (work: Promise<unknown>) =>
  work.then(
    () => "no refusal",
    (error: unknown) => (error instanceof AppError ? `${error.code}: ${error.message}` : error),
  );

test("a part is asked of the PBX as it was asked of us, and comes back as a part", async () => {
  answer = withRanges;
  const opened = await addresses.open({ url, ca: null }, asked("bytes=2-4"));
  assert.deepEqual(
    [opened?.status, opened?.headers["content-range"], heard.at(-1)],
    [206, "bytes 2-4/10", "bytes=2-4"],
  );
  assert.equal(opened?.headers["content-type"], "audio/wav", "by the name of the file");
  assert.equal((await buffer(opened?.body ?? Readable.from([]))).toString(), "234");
  assert.equal((await addresses.open({ url, ca: null }, asked("bytes=10-")))?.status, 416);
  const several = await addresses.open({ url, ca: null }, asked("bytes=0-1,4-5"));
  assert.deepEqual(
    [several?.status, (await buffer(several?.body ?? Readable.from([]))).length, heard.at(-1)],
    [200, 10, undefined],
  );
});

test("a look asks for one byte and learns the size; one without ranges tells it too", async () => {
  answer = withRanges;
  assert.deepEqual(await addresses.look({ url, ca: null }, signal), { sizeBytes: 10 });
  assert.equal(heard.at(-1), "bytes=0-0");
  answer = (_, response) =>
    void response.writeHead(200, { "content-type": "audio/wav", "content-length": 10 }).end(BYTES);
  assert.deepEqual(await addresses.look({ url, ca: null }, signal), { sizeBytes: 10 });
  answer = (_, response) => void response.writeHead(404).end();
  assert.equal(await addresses.look({ url, ca: null }, signal), null);
  assert.equal(await addresses.open({ url, ca: null }, asked()), null);
});

test("HEAD is answered without a body", async () => {
  answer = withRanges;
  const opened = await addresses.open({ url, ca: null }, asked(undefined, "HEAD"));
  assert.deepEqual([opened?.status, opened?.headers["content-length"], opened?.body], [200, "10", null]);
});

test("a page to log in, a redirect, an error and a silent PBX are not passed on", async () => {
  for (const [status, type, said] of [
    [200, "text/html", /something else \(text\/html\)/],
    [200, "application/json", /something else/],
    [302, "audio/wav", /status 302/],
    [500, "audio/wav", /status 500/],
  ] as const) {
    answer = (_, response) =>
      void response.writeHead(status, { "content-type": type, location: "http://x.test/" }).end("x");
    assert.match(String(await refusal(addresses.open({ url, ca: null }, asked()))), said);
  }
  const strict = createHttpStreamer({ clock: systemClock, allowTargets: { private: false, loopback: false } });
  const refused = await refusal(createRecordingAddresses(strict.stream).open({ url, ca: null }, asked()));
  assert.match(String(refused), /^unavailable: .*does not allow/);
  await strict.close();
  assert.match(
    String(await refusal(addresses.open({ url: "http://127.0.0.1:1/a.wav", ca: null }, asked()))),
    /^unavailable: .*no connection/,
  );
});

test("a PBX that breaks off in the middle breaks our answer off, too: half a recording is never a whole one", async () => {
  answer = (_, response) => {
    response.writeHead(200, { "content-type": "audio/wav", "content-length": 10 });
    response.write("01234", () => response.destroy());
  };
  const opened = await addresses.open({ url, ca: null }, asked());
  await assert.rejects(buffer(opened?.body ?? Readable.from([])));
});

test("a PBX with a certificate of its own is trusted by the authority that was given for it, and by no other way", async (t) => {
  const fixture = (name: string) =>
    readFileSync(join(import.meta.dirname, "../../telephony/ami/fixtures", name), "utf8");
  const ca = fixture("test-only.crt");
  const secure = createTlsServer({ key: fixture("test-only.key"), cert: ca }, withRanges).listen(0, "127.0.0.1");
  await once(secure, "listening");
  t.after(() => {
    secure.closeAllConnections();
    secure.close();
  });
  const own = `https://127.0.0.1:${(secure.address() as AddressInfo).port}/a.wav`;
  assert.deepEqual(await addresses.look({ url: own, ca }, signal), { sizeBytes: 10 });
  assert.match(String(await refusal(addresses.look({ url: own, ca: null }, signal))), /no safe connection/);
});

test("whatever is in a name stays one part of the path", () => {
  const date = { year: "2026", month: "11", day: "22", hour: "13" };
  const fill = (file: string): string =>
    fillAddress("https://pbx.example.test/m/$" + "{year}/$" + "{month}/$" + "{file}?id=$" + "{uniqueid}", {
      ...date,
      file,
      uniqueId: "1.2",
    });
  assert.equal(fill("a b.wav"), "https://pbx.example.test/m/2026/11/a%20b.wav?id=1.2");
  assert.equal(new URL(fill("../../../admin?x#y")).pathname, "/m/2026/11/..%2F..%2F..%2Fadmin%3Fx%23y");
});

test("a download has a plain name", () => {
  assert.equal(toDownloadName("Branch:1700000100.10", "2026/11/22/x.WAV"), "recording-Branch-1700000100.10.wav");
  assert.equal(toDownloadName('a"b\r\n', "https://pbx.example.test/r/1"), "recording-a-b--");
});
