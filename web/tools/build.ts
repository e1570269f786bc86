// `npm run build:web`: the console for the browser, into web/dist, with a gzipped copy beside every text.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import react from "@vitejs/plugin-react";
import { build } from "vite";
import { generateApi } from "./generate-api.ts";

const WEB = join(import.meta.dirname, "..");
const DIST = join(WEB, "dist");

generateApi();
await build({
  configFile: false,
  root: WEB,
  base: "/",
  logLevel: "warn",
  plugins: [react()],
  build: {
    outDir: DIST,
    emptyOutDir: true,
    target: "es2023",
    // A data: URL in a style sheet would need an exception of the content security policy.
    assetsInlineLimit: 0,
    // Its polyfill is an inline script, which the policy forbids; browsers of this age preload by themselves.
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 1000,
  },
});
for (const name of readdirSync(DIST, { recursive: true, encoding: "utf8" })) {
  if (!/\.(js|css|html|svg|json)$/.test(name)) continue;
  const path = join(DIST, name);
  writeFileSync(`${path}.gz`, gzipSync(readFileSync(path), { level: 9 }));
}
