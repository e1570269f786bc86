import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { parseSettingsSchema, readSettings } from "./connection-settings.ts";
import { createFakeTerminal } from "./fake-terminal.ts";

const folder = await mkdtemp(join(tmpdir(), "enlace-settings-"));
after(() => rm(folder, { recursive: true }));

const schema = parseSettingsSchema({
  type: "object",
  properties: {
    url: { type: "string" },
    accessKey: { type: "string", secret: true, title: "Access key" },
    proxyPassword: { type: "string", secret: true },
    timeoutMs: { type: "integer" },
    deliverInProgress: { type: "boolean" },
    ownerByExtension: { type: "object" },
  },
  required: ["url", "accessKey"],
});

test("values take the type that the connector wants, and dots go into objects", async () => {
  const settings = await readSettings(createFakeTerminal(), schema, [
    ["url", "https://crm.example.test/a=b"],
    ["accessKey", "12345"],
    ["timeoutMs", "5000"],
    ["deliverInProgress", "true"],
    ["ownerByExtension.1001", "19x6"],
    ["ownerByExtension.1002", "ana"],
  ]);
  assert.deepEqual(settings, {
    url: "https://crm.example.test/a=b",
    accessKey: "12345",
    timeoutMs: 5000,
    deliverInProgress: true,
    ownerByExtension: { 1001: "19x6", 1002: "ana" },
  });
});

test("a secret is read from a file or from standard input, without the line end", async () => {
  const path = join(folder, "key");
  await writeFile(path, "from-file\n");
  const fromFile = await readSettings(createFakeTerminal(), schema, [["accessKey", `@${path}`]]);
  assert.deepEqual(fromFile, { accessKey: "from-file" });
  const fromInput = await readSettings(createFakeTerminal({ typed: "from-input\n" }), schema, [["accessKey", "-"]]);
  assert.deepEqual(fromInput, { accessKey: "from-input" });
});

test("a required secret that is missing is asked for; an optional one is not", async () => {
  const terminal = createFakeTerminal({ isTerminal: true, typed: "typed\r" });
  assert.deepEqual(await readSettings(terminal, schema, []), { accessKey: "typed" });
  assert.equal(terminal.noted(), "Access key: \n");
});

test("where nobody can be asked the missing secret is named", async () => {
  await assert.rejects(readSettings(createFakeTerminal(), schema, []), {
    exitCode: 2,
    message: "accessKey is missing",
  });
});

test("an unknown setting, a value that is no JSON and a file that is not there are wrong usage", async () => {
  for (const [name, value, says] of [
    ["usrname", "x", /no setting usrname/],
    ["timeoutMs", "5 s", /timeoutMs is not JSON/],
    ["url", "@/nowhere/at/all", /cannot be read/],
  ] as const)
    await assert.rejects(readSettings(createFakeTerminal(), schema, [[name, value]]), { exitCode: 2, message: says });
});
