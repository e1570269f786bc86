import type { Command } from "commander";
import { z } from "zod";
import { parseAnswer } from "./api-client.ts";
import { type CommandContext, createCommand, JSON_OPTION, type JsonOption, openApi, show } from "./command.ts";
import { parseSeconds } from "./option-value.ts";
import { toLocalTime, toTable } from "./table.ts";

const secrets = z.object({
  items: z.array(
    z.object({ id: z.string(), origin: z.string(), created_at: z.string(), expires_at: z.string().nullable() }),
  ),
});
const rotated = z.object({ secret: z.string(), others_expire_at: z.string() });

/** The secrets that sign the call webhook. */
export function createSecret(context: CommandContext): Command {
  const group = createCommand("secret", "the secret that signs the call webhook");
  group.addCommand(
    createCommand("list", "which secrets are good now; never the secrets themselves")
      .option(...JSON_OPTION)
      .action((options: JsonOption) => listSecrets(context, options)),
  );
  group.addCommand(
    createCommand("rotate", "make a new one, shown once; the old ones stay good for a while")
      .option("--overlap <seconds>", "how long the old ones stay good; 0 ends them now", parseSeconds, 86_400)
      .option(...JSON_OPTION)
      .action((options: JsonOption & { overlap: number }) => rotateSecret(context, options)),
  );
  return group;
}

async function listSecrets(context: CommandContext, options: JsonOption): Promise<void> {
  const answer = await (await openApi(context)).get("/api/v1/webhook-secrets");
  const toText = (): string => {
    const rows = parseAnswer(secrets, answer).items.map(({ id, origin, created_at, expires_at }) => [
      id,
      origin,
      toLocalTime(created_at),
      expires_at === null ? "current" : `until ${toLocalTime(expires_at)}`,
    ]);
    return toTable(context.terminal, ["ID", "From", "Made", "Good"], rows);
  };
  show(context, options, { answer, toText });
}

async function rotateSecret(context: CommandContext, options: JsonOption & { overlap: number }): Promise<void> {
  const api = await openApi(context);
  const answer = await api.send("POST", "/api/v1/webhook-secrets/rotate", { overlap_seconds: options.overlap });
  const toText = (): string => {
    const { secret, others_expire_at } = parseAnswer(rotated, answer);
    return `${secret}\nShown only now. The secrets before it are good until ${toLocalTime(others_expire_at)}.`;
  };
  show(context, options, { answer, toText });
}
