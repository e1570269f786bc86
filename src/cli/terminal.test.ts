import assert from "node:assert/strict";
import { PassThrough } from "node:stream";
import { test } from "node:test";
import { EXIT } from "./exit.ts";
import { createFakeTerminal } from "./fake-terminal.ts";
import { createTerminal, Interruption } from "./terminal.ts";

test("a secret typed at a question is not shown", async () => {
  const terminal = createFakeTerminal({ isTerminal: true, typed: "geheim123\r" });
  assert.equal(await terminal.askSecret("Password: "), "geheim123");
  assert.equal(terminal.noted(), "Password: \n");
  assert.equal(terminal.printed(), "");
});

test("a question is never asked where nobody can answer", async () => {
  const terminal = createFakeTerminal({ typed: "x\n" });
  await assert.rejects(terminal.ask("Sure? "), { exitCode: EXIT.usage, message: /nobody is here to answer "Sure\?"/ });
});

test("Ctrl-C at a question ends the command", async () => {
  const terminal = createFakeTerminal({ isTerminal: true, typed: "\u0003" });
  await assert.rejects(terminal.ask("Sure? "), Interruption);
});

test("standard input is read whole, without its last line end, and not without bound", async () => {
  assert.equal(await createFakeTerminal({ typed: "a\nb\r\n" }).readInput(), "a\nb");
  const long = createFakeTerminal({ typed: "x".repeat(2_000_000) });
  await assert.rejects(long.readInput(), { exitCode: EXIT.usage });
});

test("a reader that has read enough does not break the command; any other trouble does", () => {
  const stdout = new PassThrough();
  createTerminal({ stdin: new PassThrough(), stdout, stderr: new PassThrough(), plain: true });
  stdout.emit("error", Object.assign(new Error("write EPIPE"), { code: "EPIPE" }));
  const full = Object.assign(new Error("no space left"), { code: "ENOSPC" });
  assert.throws(() => stdout.emit("error", full), /no space left/);
});

test("no bar is drawn where nobody looks", () => {
  const terminal = createFakeTerminal();
  const bar = terminal.startProgress("Working", "rows");
  bar.update({ done: 1, total: 2 });
  bar.stop();
  assert.equal(terminal.noted(), "");
});

test("a bar on a terminal goes to stderr and leaves stdout alone", () => {
  const terminal = createFakeTerminal({ isTerminal: true });
  const bar = terminal.startProgress("Working", "rows");
  bar.update({ done: 0, total: 2 });
  bar.update({ done: 2, total: 2 });
  bar.stop();
  assert.match(terminal.noted(), /Working .*2\/2 rows/);
  assert.equal(terminal.printed(), "");
});
