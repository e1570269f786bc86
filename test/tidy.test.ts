// The floor plan, checked. Each rule here is a sentence in ARCHITECTURE.md; change both or neither.
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { test } from "node:test";
import { ERROR_CODES } from "../src/core/errors.ts";

/** Who may import whom. A room may always import itself; `app.ts`, `app/` and `main.ts` may import everything. */
const ROOM = ["core", "kit", "http"] as const;
const MAY_IMPORT: Record<string, readonly string[]> = {
  core: [],
  kit: ["core"],
  http: ["core", "kit"],
  connectors: ["core", "kit"],
  cli: ["core", "kit"],
  tenants: ROOM,
  telephony: ROOM,
  intake: ROOM,
  calls: ROOM,
  delivery: ROOM,
  dialer: ROOM,
  people: ROOM,
  operations: ROOM,
  compat: ROOM,
};
/** Contract files: any room may `import type` from them. */
const CONTRACTS = ["src/connectors/connector.ts"];
/** The demo is the one command that may start the stand-ins. */
const MAY_USE_FAKES = ["src/cli/demo.ts"];
/** Calls that make a test flaky or a setting invisible, and the only files that may make them. */
const ONLY_IN: readonly [RegExp, RegExp][] = [
  [/\bprocess\.env\b/, /^src\/config\.ts$/],
  [/\bDate\.now\(|\bnew Date\(\)|\bperformance\.now\(|\bsetTimeout\(|\bsetInterval\(/, /^src\/kit\/clock\.ts$/],
  [/\bMath\.random\(|\brandomUUID\(|\brandomBytes\(/, /^src\/kit\/random\.ts$/],
  [/(?<![-\w])console\./, /^src\/(main\.ts|cli\/)/],
];
const BANNED_NAMES = /(^|\/)(index|utils?|helpers?|common|shared|types|misc|manager|service)\.tsx?$/;
const LINES_MAX = 500;

const isTest = (path: string): boolean => /\.(test|contract)\.ts$|\/fake-[a-z-]+\.ts$/.test(path);
const files = readdirSync("src", { recursive: true, encoding: "utf8" })
  .map((name) => normalize(join("src", name)).replaceAll("\\", "/"))
  .filter((name) => /\.tsx?$/.test(name));
const text = new Map(files.map((file) => [file, readFileSync(file, "utf8")]));
const roomOf = (path: string): string => path.split("/")[1] ?? "";

interface Edge {
  from: string;
  to: string;
  typeOnly: boolean;
}
const edges: Edge[] = [];
for (const [from, source] of text) {
  for (const match of source.matchAll(/^(?:import|export)\s+(type\s)?[^;]*?from\s+"(\.[^"]+)"/gms)) {
    edges.push({ from, to: normalize(join(dirname(from), match[2] ?? "")), typeOnly: match[1] !== undefined });
  }
}
for (const [from, source] of text) {
  for (const match of source.matchAll(/\bimport\("(\.[^"]+)"\)/g)) {
    edges.push({ from, to: normalize(join(dirname(from), match[1] ?? "")), typeOnly: false });
  }
}
const report = (problems: string[]): void => assert.deepEqual(problems, []);

test("rooms import only what the floor plan allows", () => {
  report(
    edges.flatMap(({ from, to, typeOnly }) => {
      const room = roomOf(from);
      if (isTest(from) || room.endsWith(".ts") || room === "app" || roomOf(to) === room) return [];
      if (typeOnly && CONTRACTS.includes(to)) return [];
      if (MAY_USE_FAKES.includes(from) && isTest(to)) return [];
      return MAY_IMPORT[room]?.includes(roomOf(to)) ? [] : [`${from} must not import ${to}`];
    }),
  );
});

test("connectors do not know each other", () => {
  const folderOf = (path: string): string | undefined => /^src\/connectors\/([^/]+)\//.exec(path)?.[1];
  report(
    edges.flatMap(({ from, to }) => {
      const [own, other] = [folderOf(from), folderOf(to)];
      return own && other && own !== other ? [`${from} must not import ${to}`] : [];
    }),
  );
});

test("production code never imports test code", () => {
  report(
    edges
      .filter(
        ({ from, to }) => !isTest(from) && !MAY_USE_FAKES.includes(from) && (isTest(to) || !to.startsWith("src/")),
      )
      .map((e) => `${e.from} imports ${e.to}`),
  );
});

test("there are no import cycles", () => {
  const out = new Map<string, string[]>();
  for (const { from, to, typeOnly } of edges) if (!typeOnly) out.set(from, [...(out.get(from) ?? []), to]);
  const done = new Set<string>();
  const walk = (file: string, path: readonly string[]): string[] => {
    if (path.includes(file)) return [[...path.slice(path.indexOf(file)), file].join(" → ")];
    if (done.has(file)) return [];
    const found = (out.get(file) ?? []).flatMap((to) => walk(to, [...path, file]));
    done.add(file);
    return found;
  };
  report(files.flatMap((file) => walk(file, [])));
});

test("time, chance, settings and output have one home each", () => {
  report(
    [...text].flatMap(([file, source]) => {
      if (isTest(file)) return [];
      const code = source.replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, "");
      return ONLY_IN.filter(([call, home]) => call.test(code) && !home.test(file)).map(
        ([call]) => `${file} uses ${call.source}`,
      );
    }),
  );
});

test("files are small and named for what they hold", () => {
  report(
    files.flatMap((file) => {
      const lines = text.get(file)?.split("\n").length ?? 0;
      return [
        ...(lines > LINES_MAX ? [`${file} has ${lines} lines (max ${LINES_MAX})`] : []),
        ...(BANNED_NAMES.test(file) ? [`${file}: name it for what it holds`] : []),
      ];
    }),
  );
});

test("no file is dead", () => {
  const used = new Set(edges.flatMap(({ from, to }) => (isTest(from) ? [] : [to]))); // a file that only its test knows is dead
  report(files.filter((file) => !isTest(file) && !/^src\/(main|app)\.ts$/.test(file) && !used.has(file)));
});

test("every connector folder is complete and registered", () => {
  const registry = text.get("src/connectors/registry.ts") ?? "";
  const folders = readdirSync("src/connectors", { withFileTypes: true }).filter((entry) => entry.isDirectory());
  report(
    folders.flatMap(({ name }) => [
      ...["connector.ts", "connector.test.ts", "README.md"]
        .filter((file) => !existsSync(join("src/connectors", name, file)))
        .map((file) => `src/connectors/${name}/${file} is missing`),
      ...(registry.includes(`"./${name}/connector.ts"`) ? [] : [`registry.ts does not list ${name}`]),
    ]),
  );
});

test("every error code is explained to the person who meets it", () => {
  const page = existsSync("docs/errors.md") ? readFileSync("docs/errors.md", "utf8") : "";
  report(
    ERROR_CODES.filter((code) => !page.includes(`\`${code}\``)).map(
      (code) => `docs/errors.md does not explain ${code}`,
    ),
  );
});

test("the console imports only itself, and nothing else imports the console", () => {
  const inside = readdirSync("web", { recursive: true, encoding: "utf8" })
    .map((name) => normalize(join("web", name)).replaceAll("\\", "/"))
    .filter((name) => /\.tsx?$/.test(name) && !name.startsWith("web/dist/") && !name.endsWith(".gen.ts"));
  report([
    ...inside.flatMap((file) => {
      const source = readFileSync(file, "utf8");
      const imported = [...source.matchAll(/(?:from|import\()\s*"(\.[^"]+)"/g)].map(([, path = ""]) =>
        normalize(join(dirname(file), path)),
      );
      return [
        ...imported.filter((to) => !to.startsWith("web/")).map((to) => `${file} must not import ${to}`),
        ...(source.split("\n").length > LINES_MAX ? [`${file} is too long`] : []),
        ...(BANNED_NAMES.test(file) ? [`${file}: name it for what it holds`] : []),
        ...(/dangerouslySetInnerHTML|\.innerHTML|\beval\(/.test(source) ? [`${file} makes HTML out of text`] : []),
      ];
    }),
    ...edges.filter(({ to }) => to.startsWith("web/")).map(({ from, to }) => `${from} must not import ${to}`),
  ]);
});

test("a fake is nobody's dependency but a test's and the demo's", () => {
  report(
    edges
      .filter(({ from, to }) => /\/fake-[a-z-]+\.ts$/.test(to) && !isTest(from) && !MAY_USE_FAKES.includes(from))
      .map(({ from, to }) => `${from} must not import ${to}`),
  );
});
