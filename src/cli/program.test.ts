import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { Command } from "commander";
import { createFakeContext, createFakeTerminal, type FakeTerminal } from "./fake-terminal.ts";
import { createCli, runCli } from "./program.ts";
import type { ServerCommands } from "./start.ts";

const notAsked = (): never => {
  throw new Error("this test does not come here");
};

async function run(
  words: readonly string[],
  server: Partial<ServerCommands> = {},
): Promise<{ code: number; terminal: FakeTerminal }> {
  const context = createFakeContext({}, createFakeTerminal());
  const program = createProgram(context, server);
  return { code: await runCli(program, words, context), terminal: context.terminal };
}

function createProgram(context = createFakeContext(), server: Partial<ServerCommands> = {}): Command {
  return createCli({
    ...context,
    version: "1.2.3",
    server: {
      start: notAsked,
      migrate: notAsked,
      openServerDatabase: notAsked,
      readServerSettings: notAsked,
      migrationsFolder: "migrations",
      nodeVersion: "24.0.0",
      mainFile: "src/main.ts",
      environment: {},
      replayTrace: notAsked,
      ...server,
    },
  });
}

test("a command that works ends with 0 and prints to stdout only", async () => {
  const { code, terminal } = await run(["migrate"], { migrate: async () => ["0001_foundation"] });
  assert.equal(code, 0);
  assert.equal(terminal.printed(), "Applied: 0001_foundation\n");
  assert.equal(terminal.noted(), "");
});

test("--json prints one JSON document and nothing else", async () => {
  const { terminal } = await run(["migrate", "--json"], { migrate: async () => [] });
  assert.deepEqual(JSON.parse(terminal.printed()), { applied: [] });
});

test("a command that fails ends with 1 and says why on stderr", async () => {
  const migrate = async (): Promise<never> => {
    throw new Error("migration 0002 failed");
  };
  const { code, terminal } = await run(["migrate"], { migrate });
  assert.equal(code, 1);
  assert.equal(terminal.printed(), "");
  assert.equal(terminal.noted(), "enlace: migration 0002 failed\n");
});

test("a wrong environment is wrong usage", async () => {
  const migrate = async (): Promise<never> => {
    throw Object.assign(new Error("ENLACE_PORT must be a number"), { name: "ConfigError" });
  };
  assert.equal((await run(["migrate"], { migrate })).code, 2);
});

for (const words of [["mirgate"], ["migrate", "--fast"], ["backup"], ["send-test-call", "--times", "0"], []]) {
  test(`\`enlace ${words.join(" ")}\` is wrong usage: it ends with 2 and leads to the help`, async () => {
    const { code, terminal } = await run(words);
    assert.equal(code, 2);
    assert.equal(terminal.printed(), "");
    assert.match(terminal.noted(), /--help|Usage: enlace/);
  });
}

test("a typing mistake is answered with what was probably meant", async () => {
  assert.match((await run(["mirgate"])).terminal.noted(), /Did you mean migrate\?/);
});

test("help and version are results: stdout, exit code 0", async () => {
  const help = await run(["--help"]);
  assert.equal(help.code, 0);
  assert.match(help.terminal.printed(), /Usage: enlace/);
  const version = await run(["--version"]);
  assert.equal(version.code, 0);
  assert.equal(version.terminal.printed(), "1.2.3\n");
});

test("docs/cli.md has an example of every command and of no other", () => {
  const documented = readFileSync(join(import.meta.dirname, "..", "..", "docs", "cli.md"), "utf8");
  const headings = [...documented.matchAll(/^### (.+)$/gm)].flatMap(([, text = ""]) =>
    [...text.matchAll(/`enlace ([a-z -]+)`/g)].map(([, path]) => path),
  );
  assert.deepEqual(headings.sort(), pathsOf(createProgram()).sort());
});

function pathsOf(command: Command, prefix = ""): string[] {
  if (command.commands.length === 0) return [prefix];
  const own = prefix !== "" && command.options.length > 0 ? [prefix] : []; // a group that does something by itself
  return [...own, ...command.commands.flatMap((child) => pathsOf(child, `${prefix} ${child.name()}`.trim()))];
}

test("start hands the options over as settings, and only those given", async () => {
  const seen: unknown[] = [];
  const start = async (overrides: object): Promise<void> => void seen.push(overrides);
  assert.equal((await run(["start", "--roles", "api,worker", "--port", "9000"], { start })).code, 0);
  assert.equal((await run(["start"], { start })).code, 0);
  assert.deepEqual(seen, [{ ENLACE_ROLES: "api,worker", ENLACE_PORT: "9000" }, {}]);
});
