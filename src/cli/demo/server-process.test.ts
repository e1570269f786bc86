import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { findFreePort } from "../../../test/free-port.ts";
import { systemClock } from "../../kit/clock.ts";
import { startServerProcess } from "./server-process.ts";

const folder = await mkdtemp(join(tmpdir(), "enlace-demo-test-"));
after(() => rm(folder, { recursive: true }));
const logFile = join(folder, "server.log");

/** Starts a script in the place of Enlace. */
async function start(script: string, signal = new AbortController().signal) {
  const mainFile = join(folder, "main.mjs");
  await writeFile(mainFile, script);
  const port = await findFreePort();
  const environment = { PORT: String(port) };
  return startServerProcess({
    ...{ mainFile, environment, logFile, signal },
    url: `http://127.0.0.1:${port}`,
    clock: systemClock,
  });
}

const SERVER = `
  import { createServer } from "node:http";
  const server = createServer((_, response) => response.end()).listen(process.env.PORT, "127.0.0.1");
  console.log(process.argv[2], Object.keys(process.env).filter((name) => name !== "PORT").length);
  process.on("SIGTERM", () => { console.log("drained"); process.exit(0); });`;

test("a server is ready when it says so, sees only its own environment, and is asked to stop in order", async () => {
  const server = await start(SERVER);
  await server.stop();
  await server.ended;
  assert.equal(await readFile(logFile, "utf8"), "start 0\ndrained\n");
  await server.stop(); // once more does no harm
});

test("a server that ends at once is told with the end of its log", async () => {
  await assert.rejects(
    start("console.log('the disk is full'); process.exit(3);"),
    (error: Error & { hints: string[] }) => {
      assert.equal(error.message, "Enlace did not start: it ended with 3");
      assert.equal(error.hints.at(-1), "the disk is full");
      return true;
    },
  );
});

test("Ctrl-C while it starts leaves no server behind", async () => {
  const told = new AbortController();
  const starting = start(`${SERVER.replace("listen(process.env.PORT", "listen(0")}`, told.signal);
  told.abort(new Error("interrupted"));
  await assert.rejects(starting, /interrupted/);
});
