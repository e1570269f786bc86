import type { Command } from "commander";
import { z } from "zod";
import type { Clock } from "../kit/clock.ts";
import { type ApiClient, parseAnswer } from "./api-client.ts";
import { type CommandContext, createCommand, JSON_OPTION, type JsonOption, openApi, show } from "./command.ts";
import { findProject } from "./dialer-things.ts";
import { addTo, parseAssignment, parseSeconds } from "./option-value.ts";

const dialed = z.object({ attempt_id: z.string(), is_new: z.boolean() });
const attempt = z.object({ id: z.string(), state: z.string(), disposition: z.string().nullable() });
const POLL_MS = 1_000;

/** One call through the dialer's pipeline; calls between phones and people are `enlace calls originate`. */
export function createCall(context: CommandContext): Command {
  return createCommand("call", "have a number called for a project")
    .argument("<project>", "number or name")
    .argument("<number>", "as one dials it, or with a plus")
    .option("--var <name=value>", "a variable for what is said; repeat it", addTo)
    .option("--test", "a call to one's own phone: not tried again")
    .option("--wait <seconds>", "for how it comes out", parseSeconds)
    .option(...JSON_OPTION)
    .action((project: string, number: string, options: CallFlags) => placeCall(context, { project, number }, options));
}

interface CallFlags extends JsonOption {
  var?: string[];
  test?: boolean;
  wait?: number;
}

async function placeCall(
  context: CommandContext,
  { project, number }: { project: string; number: string },
  options: CallFlags,
): Promise<void> {
  const api = await openApi(context);
  const { id: project_id } = await findProject(api, project);
  const variables = Object.fromEntries((options.var ?? []).map(parseAssignment));
  const body = { project_id, number, variables, test: options.test ?? false };
  const placed = await api.send("POST", "/api/v1/dial", body);
  const { attempt_id: id } = parseAnswer(dialed, placed);
  const answer = options.wait ? await follow(api, id, { ...context, seconds: options.wait }) : placed;
  const toText = (): string => {
    if (!options.wait) return `Call ${id} waits in the queue.`;
    const { state, disposition } = parseAnswer(attempt, answer);
    return `Call ${id}: ${disposition ?? state}.`;
  };
  show(context, options, { answer, toText });
}

/** The attempt once it has ended, or as it is when the time is over. */
async function follow(
  api: ApiClient,
  id: string,
  { clock, signal, seconds }: { clock: Clock; signal: AbortSignal; seconds: number },
): Promise<unknown> {
  const untilMs = clock.monotonicMs() + seconds * 1000;
  for (;;) {
    const answer = await api.get(`/api/v1/attempts/${id}`);
    if (parseAnswer(attempt, answer).state === "ended" || clock.monotonicMs() >= untilMs) return answer;
    await clock.sleep(POLL_MS, signal);
  }
}
