#!/usr/bin/env node
// `apicall-cli`, by the words of the older dialer: the same as `enlace apicall`.
import { run } from "./bootstrap.mjs";

await run("src/main.ts", ["apicall", ...process.argv.slice(2)]);
