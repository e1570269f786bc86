// `npm run check`: what must hold before the tests are worth running. Runs everything, then says what failed.
import { spawnSync } from "node:child_process";
import { join } from "node:path";

const ROOT = join(import.meta.dirname, "..");
const tool = (name: string): string => join(ROOT, "node_modules", ".bin", name);

/** In CI order: the quickest to fail first. Each is a command that a person can run alone. */
const STEPS: readonly (readonly [string, string, ...string[]])[] = [
  ["format and lint", tool("biome"), "ci"],
  ["API of the console", process.execPath, "web/tools/generate-api.ts"],
  ["types", tool("tsc")],
  ["types of the console", tool("tsc"), "-p", "web"],
  ["floor plan", process.execPath, "--test", "test/tidy.test.ts"],
  ["unused code and packages", tool("knip")],
  ["generated files are up to date", process.execPath, "test/generated.ts"],
];

const failed: string[] = [];
for (const [name, command, ...args] of STEPS) {
  process.stdout.write(`\n— ${name}\n`);
  const path = [join(ROOT, "node_modules", ".bin"), process.env.PATH].join(":"); // so that tools run under this Node too
  const { status, error } = spawnSync(command, args, {
    cwd: ROOT,
    stdio: ["ignore", 1, 2],
    env: { ...process.env, PATH: path },
  });
  if (error) process.stderr.write(`${command} does not run: ${error.message}\n`);
  if (status !== 0) failed.push(name);
}
process.stdout.write(failed.length === 0 ? "\nAll checks passed.\n" : `\nFailed: ${failed.join(", ")}.\n`);
process.exit(failed.length === 0 ? 0 : 1);
