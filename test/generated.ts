// What is generated and committed: the API document and the page of settings. `npm run generate` writes them anew;
// generated.test.ts fails when they no longer say what the code does.
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describeApi } from "../src/app.ts";
import { describeSettings, readConfig } from "../src/config.ts";

const ROOT = join(import.meta.dirname, "..");

/** Text of each generated file by its path in the project. */
export async function generateAll(): Promise<Record<string, string>> {
  const dataFolder = await mkdtemp(join(tmpdir(), "enlace-generate-"));
  try {
    const document = await describeApi(readConfig({ ENLACE_DATA: dataFolder, ENLACE_LOG_LEVEL: "error" }));
    return { "openapi.json": `${JSON.stringify(document, null, 2)}\n`, "docs/configuration.md": describeSettings() };
  } finally {
    await rm(dataFolder, { recursive: true, force: true });
  }
}

if (import.meta.main) {
  const isWriting = process.argv.includes("--write");
  for (const [path, text] of Object.entries(await generateAll())) {
    const file = join(ROOT, path);
    if (isWriting) await writeFile(file, text);
    else if ((await readFile(file, "utf8")) !== text) {
      process.stderr.write(`${path} does not say what the code does: npm run generate\n`);
      process.exitCode = 1;
    }
  }
}
