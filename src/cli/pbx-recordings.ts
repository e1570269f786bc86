import type { Command } from "commander";
import { z } from "zod";
import { type ApiClient, parseAnswer } from "./api-client.ts";
import { type CommandContext, createCommand, JSON_OPTION, type JsonOption, openApi, show } from "./command.ts";
import { wrongUsage } from "./exit.ts";

const answer = z.object({
  recordings: z
    .object({ folder: z.string().nullable(), pbx_folder: z.string(), url: z.string().nullable() })
    .nullable(),
});

interface Flags extends JsonOption {
  folder?: string;
  pbxFolder?: string;
  url?: string;
  off?: boolean;
}

/** `enlace pbx recordings`: where the recordings of a PBX are found. */
export function createPbxRecordings(
  context: CommandContext,
  findPbx: (api: ApiClient, named: string) => Promise<{ id: string; name: string }>,
): Command {
  return createCommand("recordings", "show or say where a PBX's recordings are found")
    .argument("<pbx>", "id or name")
    .option("--folder <path>", "its folder as this machine sees it, below ENLACE_RECORDING_FOLDERS")
    .option("--pbx-folder <path>", "the same folder as the PBX calls it")
    .option("--url <template>", "address of a recording, with placeholders such as $" + "{file}")
    .option("--off", "nowhere")
    .option(...JSON_OPTION)
    .action(async (named: string, options: Flags) => {
      const recordings = toBody(options);
      const api = await openApi(context);
      const { id, name } = await findPbx(api, named);
      const path = `/api/v1/pbxs/${id}`;
      const got = recordings === undefined ? await api.get(path) : await api.send("PATCH", path, { recordings });
      show(context, options, { answer: got, toText: () => toText(name, parseAnswer(answer, got)) });
    });
}

/** `undefined`: nothing is to be changed. */
function toBody({ folder, pbxFolder, url, off }: Flags): object | null | undefined {
  const given = folder !== undefined || url !== undefined;
  if (off && given) throw wrongUsage("--off goes with nothing else", "Give a place, or --off.");
  if (off) return null;
  if (!given && pbxFolder !== undefined) throw wrongUsage("--pbx-folder needs --folder", "Give both.");
  return given ? { folder: folder ?? null, pbx_folder: pbxFolder, url: url ?? null } : undefined;
}

function toText(name: string, { recordings }: z.output<typeof answer>): string {
  if (!recordings) return `${name}: recordings are not looked for.`;
  const { folder, pbx_folder, url } = recordings;
  const places = [folder && `in ${folder} (there: ${pbx_folder})`, url && `at ${url}`].filter(Boolean);
  return `${name}: recordings are looked for ${places.join(", then ")}.`;
}
