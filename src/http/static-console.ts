import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { extname, join } from "node:path";
import type { FastifyReply, FastifyRequest } from "fastify";
import { publicAccess } from "./access.ts";
import type { App } from "./app-instance.ts";

/**
 * The console of `web/`, as `npm run build:web` left it in `folder`. Its files are few and known, so they are read once and
 * each gets a route of its own: no path of a request ever reaches the file system. Names under /assets carry a hash of
 * their content and never change; index.html answers every page of the console, and nothing else.
 */
export interface StaticConsoleOptions {
  folder: string;
}

/** The console's pages, by the first word of their path. web/routes.tsx has the same; test/web holds them together. */
export const CONSOLE_PAGES = [
  "sign-in",
  "live",
  "calls",
  "reports",
  "setup",
  "deliveries",
  "connections",
  "dialer",
  "admin",
  "account",
] as const;

interface StaticFile {
  type: string;
  bytes: Buffer;
  gzipped: Buffer | null;
  etag: string;
}

const TYPES: Record<string, string> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
  ".json": "application/json; charset=utf-8",
  ".woff2": "font/woff2",
  ".png": "image/png",
};
const FOREVER = "public, max-age=31536000, immutable";
const ASK_AGAIN = "no-cache";

/** Registers what is there; without a built console, its pages say how to build it. */
export async function registerConsole(app: App, { folder }: StaticConsoleOptions): Promise<void> {
  const files = await loadFiles(folder);
  const page = files.get("index.html");
  for (const [name, file] of files) {
    if (name === "index.html") continue;
    const caching = name.startsWith("assets/") ? FOREVER : ASK_AGAIN;
    addRoute(app, `/${name}`, (request, reply) => sendFile(request, reply, { file, caching }));
  }
  const showPage = (request: FastifyRequest, reply: FastifyReply): FastifyReply =>
    page ? sendFile(request, reply, { file: page, caching: ASK_AGAIN }) : sendAdvice(reply);
  for (const path of ["/", ...CONSOLE_PAGES.flatMap((name) => [`/${name}`, `/${name}/*`])])
    addRoute(app, path, showPage);
}

function addRoute(
  app: App,
  url: string,
  handler: (request: FastifyRequest, reply: FastifyReply) => FastifyReply,
): void {
  app.route({ method: "GET", url, config: { access: publicAccess }, schema: { hide: true }, handler });
}

interface Sent {
  file: StaticFile;
  caching: string;
}

function sendFile(request: FastifyRequest, reply: FastifyReply, { file, caching }: Sent): FastifyReply {
  void reply.header("cache-control", caching).header("etag", file.etag).header("vary", "accept-encoding");
  if (request.headers["if-none-match"] === file.etag) return reply.code(304).send();
  const isZipped = file.gzipped !== null && /\bgzip\b/.test(String(request.headers["accept-encoding"] ?? ""));
  if (isZipped) void reply.header("content-encoding", "gzip");
  return reply.type(file.type).send(isZipped ? file.gzipped : file.bytes);
}

function sendAdvice(reply: FastifyReply): FastifyReply {
  const advice =
    "Enlace works, but its console is not built: run `npm run build:web` in its folder and start it again.\n";
  return reply.code(503).type("text/plain; charset=utf-8").send(`${advice}The API's page is at /docs.\n`);
}

/** By path below `folder`, with `/` between its parts; empty when there is no such folder. */
async function loadFiles(folder: string): Promise<Map<string, StaticFile>> {
  const names = await readdir(folder, { recursive: true }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return [];
    throw error;
  });
  const known = names.filter((name) => TYPES[extname(name)] !== undefined);
  const pairs = known.map(async (name) => [name.replaceAll("\\", "/"), await loadFile(join(folder, name))] as const);
  return new Map(await Promise.all(pairs));
}

async function loadFile(path: string): Promise<StaticFile> {
  const bytes = await readFile(path);
  const gzipped = await readFile(`${path}.gz`).catch(() => null);
  const etag = `"${createHash("sha256").update(bytes).digest("base64url").slice(0, 22)}"`;
  return { type: TYPES[extname(path)] ?? "application/octet-stream", bytes, gzipped, etag };
}
