import { z } from "zod";
import { parseAnswer } from "./api-client.ts";
import { type CommandContext, type JsonOption, show } from "./command.ts";
import { CommandFailure } from "./exit.ts";
import { toPrintable } from "./table.ts";

const report = z.object({
  ok: z.boolean(),
  findings: z.array(
    z.object({ level: z.string(), subject: z.string(), message: z.string(), mend: z.string().nullish() }),
  ),
});

/** Shows what a check of `name` found and how to mend it. Throws `CommandFailure` when something must be mended. */
export function showCheck(
  context: CommandContext,
  options: JsonOption,
  { answer, name }: { answer: unknown; name: string },
): void {
  const { ok, findings } = parseAnswer(report, answer);
  const toText = (): string =>
    findings
      .map(({ level, subject, message, mend }) => {
        const line = `${level.padEnd(7)}  ${subject}: ${toPrintable(message)}`;
        return mend ? `${line}\n         → ${toPrintable(mend)}` : line;
      })
      .join("\n");
  show(context, options, { answer, toText });
  if (!ok) throw new CommandFailure(`${name} does not work yet`);
}
