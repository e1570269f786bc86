import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { AmiMessage } from "../ami/message.ts";
import { createAmiSource } from "./ami-source.ts";
import { parseCdrRow } from "./cdr-row.ts";
import { parseCsvLine } from "./csv-line.ts";

// Of each recorded call the first Cdr event that a real Asterisk 16 told, beside all lines of its Master.csv.
const RECORDED: { name: string; event: Record<string, string>; rows: string[] }[] = readFileSync(
  join(import.meta.dirname, "fixtures/asterisk-16.jsonl"),
  "utf8",
)
  .trim()
  .split("\n")
  .map((line) => JSON.parse(line));
const DAY = { since: new Date("2026-11-22T00:00:00Z"), until: new Date("2026-11-23T00:00:00Z") };
const options = { rowsMax: 100, signal: new AbortController().signal };

test("a record told over AMI says what the same record says in Master.csv", async () => {
  for (const { name, event, rows } of RECORDED) {
    const source = createAmiSource("UTC");
    const at = new Date("2026-11-22T13:30:00Z");
    source.take([{ kind: "event", at, message: new AmiMessage(Object.entries(event).flat()) }]);
    const [told] = await source.load(DAY, options);
    const written = rows.map((line) => parseCdrRow(parseCsvLine(line) ?? {}, "UTC"));
    assert.deepEqual(told, written.find((row) => row?.sequence === told?.sequence) ?? assert.fail(name), name);
  }
});

test("records of six hours at most are kept, and it is known from when on", async () => {
  const source = createAmiSource("UTC");
  const [recorded] = RECORDED;
  const tell = (second: number, index: number) => {
    const at = new Date(DAY.since.getTime() + second * 1000);
    const text = at.toISOString().slice(0, 19).replace("T", " ");
    const fields = {
      ...recorded?.event,
      UniqueID: `1.${index}`,
      LinkedID: `1.${index}`,
      StartTime: text,
      AnswerTime: text,
      EndTime: text,
    };
    source.take([{ kind: "event", at, message: new AmiMessage(Object.entries(fields).flat()) }]);
  };
  for (let index = 0; index < 2_000; index++) tell(index * 20, index); // eleven hours
  const kept = await source.load(DAY, { ...options, rowsMax: 5_000 });
  const oldest = Math.min(...kept.map(({ startedAt }) => startedAt.getTime()));
  assert.ok(
    kept.length < 2_000 && oldest >= DAY.since.getTime() + (2_000 * 20 - 6 * 3_600 - 20) * 1000,
    `${kept.length}`,
  );
  assert.ok((source.reachesBackTo()?.getTime() ?? 0) <= oldest);
});
