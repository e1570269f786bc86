import type { Command } from "commander";
import { z } from "zod";
import { type ApiClient, parseAnswer } from "../api-client.ts";
import { type CommandContext, createCommand, JSON_OPTION, type JsonOption, openApi, show } from "../command.ts";
import { CommandFailure } from "../exit.ts";
import { loadList } from "../list.ts";
import { loadCheck } from "./check-answer.ts";
import type { Finding } from "./finding.ts";
import { toFindingText } from "./finding-text.ts";

const pbx = z.object({ id: z.string(), name: z.string(), enabled: z.boolean() });
type PbxItem = z.output<typeof pbx>;

const PBXS_MAX = 1_000;

interface PbxReport {
  pbx: string;
  findings: readonly Finding[];
}

export function createDoctorPbx(context: CommandContext): Command {
  return createCommand("pbx", "look at a PBX from the inside, or at all of them, and print what mends each finding")
    .argument("[pbx]", "id or name; all that are switched on without it")
    .option(...JSON_OPTION)
    .action(async (named: string | undefined, options: JsonOption) => {
      const reports = await examinePbxs(await openApi(context), named);
      const errors = reports.flatMap(({ findings }) => findings).filter(({ level }) => level === "error").length;
      const toText = (): string => reports.map((each) => toReportText(context, each)).join("\n\n");
      show(context, options, { answer: { ok: errors === 0, pbxs: reports }, toText });
      if (errors > 0)
        throw new CommandFailure(errors === 1 ? "one thing needs mending" : `${errors} things need mending`);
    });
}

async function examinePbxs(api: ApiClient, named: string | undefined): Promise<PbxReport[]> {
  const { items } = await loadList(api, "/api/v1/pbxs", {}, PBXS_MAX);
  const reports: PbxReport[] = [];
  for (const { id, name } of choose(parseAnswer(z.array(pbx), items), named)) {
    reports.push({ pbx: name, findings: await loadCheck(api, `/api/v1/pbxs/${id}/check`) });
  }
  return reports;
}

function choose(all: readonly PbxItem[], named: string | undefined): readonly PbxItem[] {
  const chosen =
    named === undefined
      ? all.filter(({ enabled }) => enabled)
      : all.filter(({ id, name }) => id === named || name === named);
  if (chosen.length > 0) return chosen;
  const message = named === undefined ? "there is no PBX that is switched on" : `there is no PBX ${named}`;
  throw new CommandFailure(message, { hints: ["`enlace pbx list` shows them, `enlace pbx add` adds one."] });
}

function toReportText(context: CommandContext, { pbx: name, findings }: PbxReport): string {
  const title = context.terminal.paint("bold", name);
  return [title, ...findings.map((finding) => toFindingText(context, finding))].join("\n");
}
