// A reporter of node:test that writes one line for each file in which a test failed, or which failed as a whole.
import type { TestEvent } from "node:test/reporters";

// biome-ignore lint/style/noDefaultExport: node:test loads a reporter as the default of its file
export default async function* failedFiles(events: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  const files = new Set<string>();
  for await (const event of events) {
    if (event.type === "test:fail" && event.data.file !== undefined) files.add(event.data.file);
  }
  for (const file of files) yield `${file}\n`;
}
