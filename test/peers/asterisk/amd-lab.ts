// Which arguments of AMD() tell people from machines best: plays the samples to a real Asterisk and counts.
//
//   node test/peers/asterisk/amd-lab.ts            the matrices of docs/amd.md; --write puts them there
//   node test/peers/asterisk/amd-lab.ts --search   more sets of arguments, one line each
import assert from "node:assert/strict";
import { appendFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { OLDER_AMD, toAmdArguments } from "../../../src/dialer/ivr/amd.ts";
import { DEFAULT_AMD } from "../../../src/dialer/projects/defaults.ts";
import { systemClock } from "../../../src/kit/clock.ts";
import { type Label, listSamples, type Sample, type VoiceSet, writeSamples } from "./amd-samples.ts";
import { type Asterisk, startAsterisks } from "./asterisk.ts";
import { openWorld, until, type World } from "./world.ts";

const PAGE = join(import.meta.dirname, "..", "..", "..", "docs", "amd.md");
const AT_ONCE = 24;
const LABELS: readonly Label[] = ["human", "machine", "nobody"];
const SETS_OF_VOICES: readonly VoiceSet[] = ["chosen", "heldOut"];
const STATUSES = ["HUMAN", "NOTSURE", "MACHINE"] as const;

const SETS: Readonly<Record<string, string>> = {
  "Enlace's default": toAmdArguments(DEFAULT_AMD),
  "the older dialer's": toAmdArguments(OLDER_AMD),
  "the older dialer's documents": "2500,1500,1000,5000,100,50,4,256",
  "Asterisk's own": "2500,1500,800,5000,100,50,2,256",
};

interface Heard {
  sample: Sample;
  status: string;
  cause: string;
  seconds: number;
}

async function open({ pbx, far }: { pbx: Asterisk; far: Asterisk }): Promise<World> {
  const add = async ({ folder, cli }: Asterisk, lines: string): Promise<void> => {
    appendFileSync(join(folder, "etc", "asterisk", "extensions.conf"), `\n${lines}`);
    await cli("dialplan reload");
  };
  await add(far, PLAYERS);
  await add(
    pbx,
    `[amd-lab]
exten => s,1,UserEvent(AmdBegin,Ref: \${UNIQUEID})
 same => n,AMD(\${AMD_ARGUMENTS})
 same => n,UserEvent(AmdEnd,Ref: \${UNIQUEID},Status: \${AMDSTATUS},Cause: \${AMDCAUSE})
 same => n,Hangup()
`,
  );
  for (const set of SETS_OF_VOICES) writeSamples(join(far.folder, "greetings", set), set);
  return await openWorld({ pbx, far });
}

let calls = 0;

/** The fourth digit from the end says which voices. */
const PLAYERS = `[reached]
exten => _880XXX,1,Answer()
 same => n,Playback(/greetings/chosen/\${MATH(\${EXTEN:3}+0,i)})
exten => _881XXX,1,Answer()
 same => n,Playback(/greetings/heldOut/\${MATH(\${EXTEN:3}+0,i)})
`;

async function listen(world: World, number: string, amd: string): Promise<Omit<Heard, "sample">> {
  const id = `amd-${++calls}`;
  await world.tester.send({
    name: "Originate",
    fields: {
      ...{ Channel: `PJSIP/${number}@trunk`, Context: "amd-lab", Exten: "s", Priority: 1, Async: true },
      ...{ Timeout: 10_000, ChannelId: id },
    },
    variables: { AMD_ARGUMENTS: amd },
  });
  const find = (name: string) => world.heard.find((each) => each.get("UserEvent") === name && each.get("Ref") === id);
  const end = await until(() => find("AmdEnd"), `AMD of sample ${number}`, 40_000);
  const seconds = Number(end.get("Timestamp")) - Number(find("AmdBegin")?.get("Timestamp"));
  return { status: end.get("Status") ?? "", cause: end.get("Cause")?.split("-")[0] ?? "", seconds };
}

async function measure(world: World, amd: string, set: VoiceSet = "chosen"): Promise<Heard[]> {
  const samples = listSamples(set);
  const heard: Heard[] = [];
  const todo = [...samples.entries()];
  const worker = async (): Promise<void> => {
    for (let next = todo.shift(); next; next = todo.shift()) {
      const [index, sample] = next;
      const number = `88${SETS_OF_VOICES.indexOf(set)}${String(index).padStart(3, "0")}`;
      heard[index] = { sample, ...(await listen(world, number, amd)) };
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  world.heard.length = 0;
  return heard;
}

const count = (heard: readonly Heard[], label: Label, status: string): number =>
  heard.filter((each) => each.sample.label === label && each.status === status).length;

function toLine(name: string, heard: readonly Heard[]): string {
  const people = heard.filter(({ sample }) => sample.label === "human");
  const machines = heard.filter(({ sample }) => sample.label === "machine");
  const lost = count(heard, "human", "MACHINE");
  const found = count(heard, "machine", "MACHINE");
  const times = people.map(({ seconds }) => seconds).sort((a, b) => a - b);
  const mean = times.reduce((sum, each) => sum + each, 0) / times.length;
  const p95 = times[Math.floor(times.length * 0.95)] ?? 0;
  return `| ${name} | ${lost} of ${people.length} | ${found} of ${machines.length} | ${mean.toFixed(1)} s | ${p95.toFixed(1)} s |`;
}

const LINE_HEAD =
  "| Arguments | people taken for machines | machines found | a person waits, mean | 95 % |\n| --- | --- | --- | --- | --- |";

function toMatrix(name: string, amd: string, heard: readonly Heard[]): string {
  const rows = LABELS.map(
    (label) => `| ${label} | ${STATUSES.map((status) => count(heard, label, status)).join(" | ")} |`,
  );
  const kinds = Map.groupBy(heard, ({ sample }) => `${sample.label}: ${sample.kind}`);
  const wrong = [...kinds].flatMap(([kind, all]) => {
    const bad = all.filter(({ sample, status }) =>
      sample.label === "human" ? status === "MACHINE" : sample.label === "machine" && status !== "MACHINE",
    );
    const causes = [...new Set(bad.map(({ cause }) => cause))].join(", ");
    return bad.length > 0 ? [`${kind} (${bad.length} of ${all.length}, ${causes})`] : [];
  });
  return `### ${name}: \`${amd}\`

| is | HUMAN | NOTSURE | MACHINE |
| --- | --- | --- | --- |
${rows.join("\n")}

Wrong: ${wrong.length > 0 ? wrong.join("; ") : "none"}.
`;
}

/** Neighbours of what is chosen, and sets from elsewhere. */
function listCandidates(): string[] {
  const given = process.argv.slice(2).filter((argument) => /^\d+(,\d+){7}$/.test(argument));
  return given.length > 0 ? given : Object.values(SETS);
}

test("AMD on the labelled set", { timeout: 3_000_000 }, async () => {
  const started = await startAsterisks();
  assert.ok(typeof started !== "string", String(started));
  const world = await open(started);
  if (process.argv.includes("--search")) {
    process.stdout.write(`${LINE_HEAD}\n`);
    for (const amd of listCandidates()) {
      const heard = await measure(world, amd);
      process.stdout.write(`${toLine(amd, heard)}\n`);
      if (process.argv.includes("--kinds")) process.stdout.write(toMatrix("", amd, heard));
    }
    return;
  }
  const results = [];
  for (const [name, amd] of Object.entries(SETS)) results.push({ name, amd, heard: await measure(world, amd) });
  const others = [];
  for (const [name, amd] of Object.entries(SETS)) others.push(toLine(name, await measure(world, amd, "heldOut")));
  const version = (await started.pbx.cli("core show version")).split(" built")[0];
  const text = [
    `Measured with ${version}, ${systemClock.now().toISOString().slice(0, 10)}, ${listSamples("chosen").length} samples.\n`,
    LINE_HEAD,
    ...results.map(({ name, heard }) => toLine(name, heard)),
    "\nThe same words in other voices, a fifth faster, on which nothing was chosen:\n",
    LINE_HEAD,
    ...others,
    "",
    ...results.map(({ name, amd, heard }) => toMatrix(name, amd, heard)),
  ].join("\n");
  process.stdout.write(text);
  if (!process.argv.includes("--write")) return;
  const page = readFileSync(PAGE, "utf8");
  writeFileSync(PAGE, page.replace(/(<!-- measured -->\n)[\s\S]*(<!-- \/measured -->)/, `$1\n${text}\n$2`));
});
