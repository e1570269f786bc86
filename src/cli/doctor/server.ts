import { z } from "zod";
import { toErrorMessage } from "../../core/errors.ts";
import { createDeadline } from "../../kit/clock.ts";
import { type ApiClient, parseAnswer } from "../api-client.ts";
import { type CommandContext, openApi } from "../command.ts";
import { loadCheck } from "./check-answer.ts";
import { examine, type Finding } from "./finding.ts";

const health = z.object({ status: z.string(), version: z.string() });
const ready = z.object({ checks: z.record(z.string(), z.object({ ok: z.boolean(), detail: z.string() })) });
const named = z.object({ items: z.array(z.object({ id: z.string(), name: z.string(), enabled: z.boolean() })) });

const TIMEOUT_MS = 5_000;

/** Whether Enlace answers at its address, and which version. */
export async function findServer(context: CommandContext): Promise<string | undefined> {
  const answer = await ask(context, "/health");
  const parsed = health.safeParse(answer);
  return parsed.success ? parsed.data.version : undefined;
}

/** What a running Enlace says about itself and about every connection and PBX of this key's tenant. */
export async function examineServer(context: CommandContext, version: string): Promise<Finding[]> {
  const { url } = context.readConfig();
  return [
    { level: "ok", subject: "server", message: `Enlace ${version} answers at ${url}` },
    ...(await examine("ready", () => examineReadiness(context))),
    ...(await examine("connections", async () => examineConnections(await openApi(context)))),
    ...(await examine("pbxs", async () => examinePbxs(await openApi(context)))),
  ];
}

async function examineReadiness(context: CommandContext): Promise<Finding[]> {
  const { checks } = parseAnswer(ready, await ask(context, "/ready"));
  return Object.entries(checks).map(([name, { ok, detail }]) => ({
    level: ok ? "ok" : "error",
    subject: `ready:${name}`,
    message: detail,
  }));
}

async function examineConnections(api: ApiClient): Promise<Finding[]> {
  const { items } = parseAnswer(named, await api.get("/api/v1/connections", { limit: 200 }));
  if (items.length === 0)
    return [
      {
        level: "warning",
        subject: "connections",
        message: "there is none: calls are kept but go nowhere",
        mend: "`enlace connection add`, or set VTIGER_URL, VTIGER_USERNAME and VTIGER_ACCESS_KEY.",
      },
    ];
  return examineEach(api, "connection", items);
}

/** To have none is fine: calls come by the webhook, too. */
async function examinePbxs(api: ApiClient): Promise<Finding[]> {
  const { items } = parseAnswer(named, await api.get("/api/v1/pbxs", { limit: 200 }));
  return examineEach(api, "pbx", items);
}

async function examineEach(
  api: ApiClient,
  kind: "connection" | "pbx",
  items: z.output<typeof named>["items"],
): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const { id, name, enabled } of items) {
    const subject = `${kind}:${name}`;
    if (!enabled) findings.push({ level: "warning", subject, message: "is switched off" });
    else findings.push(...(await examine(subject, () => check(api, `/api/v1/${kind}s/${id}/check`, subject))));
  }
  return findings;
}

async function check(api: ApiClient, path: string, subject: string): Promise<Finding[]> {
  return (await loadCheck(api, path)).map((finding) => ({ ...finding, subject: `${subject}:${finding.subject}` }));
}

/** The answer's JSON whatever its status; `undefined` when nobody, or somebody else, answers. */
async function ask({ readConfig, clock, signal }: CommandContext, path: string): Promise<unknown> {
  const deadline = createDeadline(clock, TIMEOUT_MS, signal);
  try {
    const answer = await fetch(`${readConfig().url}${path}`, { signal: deadline.signal });
    return await answer.json();
  } catch (error) {
    if (signal.aborted) throw new Error(`stopped: ${toErrorMessage(error)}`);
    return undefined; // no Enlace there: the caller says what that means
  } finally {
    deadline.release();
  }
}
