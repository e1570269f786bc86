import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { gunzipSync, gzipSync } from "node:zlib";
import { createFakeContext, createFakeTerminal } from "./fake-terminal.ts";
import { createTrace, type TraceTools } from "./trace.ts";

const folder = (t: TestContext): string => {
  const path = mkdtempSync(join(tmpdir(), "enlace-trace-"));
  t.after(() => rmSync(path, { recursive: true }));
  return path;
};
const CALL = {
  ...{
    call_uuid: "1.1",
    direction: "inbound",
    from: "+34600000001",
    to: "101",
    outcome: "answered",
    agent_extension: "101",
  },
  ...{ trunk: "trunk", ring_seconds: 1, talk_seconds: 9, facts: [] },
};

async function run(words: string[], { tools, url = "http://127.0.0.1:1" }: { tools?: TraceTools; url?: string }) {
  const context = createFakeContext({ url }, createFakeTerminal());
  const nobody: TraceTools = { replayTrace: () => assert.fail("not asked") };
  const failure = await createTrace(context, tools ?? nobody, async () => ({ id: "7", name: "Office" }))
    .parseAsync(words, { from: "user" })
    .then(() => null)
    .catch((error: Error) => error);
  return { failure, printed: context.terminal.printed() };
}

test("a trace is replayed from a file, packed or not, and its calls are shown", async (t) => {
  const path = folder(t);
  writeFileSync(join(path, "a.jsonl"), "the trace");
  writeFileSync(join(path, "b.jsonl.gz"), gzipSync("the trace"));
  for (const file of ["a.jsonl", "b.jsonl.gz"]) {
    const seen: string[] = [];
    const tools: TraceTools = {
      replayTrace: (text, { country }) => {
        seen.push(`${text} ${country}`);
        return { events: 5, open: 0, calls: [CALL] };
      },
    };
    const { printed, failure } = await run(["replay", join(path, file), "--country", "ES"], { tools });
    assert.equal(failure, null);
    assert.deepEqual(seen, ["the trace ES"]);
    assert.match(printed, /inbound.*\+34600000001.*answered/);
    assert.match(printed, /5 lines, 1 calls, 0 still open/);
  }
});

test("a file that is no trace, or is not there, is refused by name", async (t) => {
  const file = join(folder(t), "odd.jsonl");
  writeFileSync(file, "x");
  const tools: TraceTools = {
    replayTrace: () => {
      throw new RangeError("line 1 is not a line of a trace");
    },
  };
  assert.match((await run(["replay", file], { tools })).failure?.message ?? "", /odd\.jsonl: line 1/);
  assert.match((await run(["replay", `${file}.gone`], {})).failure?.message ?? "", /cannot be read/);
  writeFileSync(`${file}.gz`, "not gzip");
  assert.match((await run(["replay", `${file}.gz`], {})).failure?.message ?? "", /cannot be read/);
});

test("a recording is written as it comes, packed when the name says so, and never over another file", async (t) => {
  const server = createServer((request, response) => {
    assert.equal(request.url, "/api/v1/pbxs/7/trace");
    response.writeHead(200, { "content-type": "application/x-ndjson" });
    response.write('{"ms":0}\n');
    response.end('{"ms":5}\n');
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => server.close());
  const { port } = server.address() as { port: number };
  const out = join(folder(t), "trace.jsonl.gz");
  const words = ["record", "Office", "--seconds", "1", "--out", out];
  const { printed, failure } = await run(words, { url: `http://127.0.0.1:${port}` });
  assert.equal(failure, null);
  assert.equal(printed, `2 lines of Office are in ${out}.\n`);
  assert.equal(gunzipSync(readFileSync(out)).toString(), '{"ms":0}\n{"ms":5}\n');
  assert.match((await run(words, { url: `http://127.0.0.1:${port}` })).failure?.message ?? "", /is there already/);
});
