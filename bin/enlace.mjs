#!/usr/bin/env node
import { run } from "./bootstrap.mjs";

const args = process.argv.slice(2);
await run("src/main.ts", args, { withConsole: ["start", "demo"].includes(args[0]) });
