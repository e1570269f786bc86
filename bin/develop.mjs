// `node bin/develop.mjs <file> …`: runs a tool of the project's development, with the packages it needs.
import { run } from "./bootstrap.mjs";

const [file, ...args] = process.argv.slice(2);
await run(file, args, { development: true });
