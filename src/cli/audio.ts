import { openAsBlob } from "node:fs";
import { basename } from "node:path";
import type { Command } from "commander";
import { z } from "zod";
import { toErrorMessage } from "../core/errors.ts";
import { parseAnswer } from "./api-client.ts";
import { type CommandContext, createCommand, JSON_OPTION, type JsonOption, openApi, show } from "./command.ts";
import { findAudio } from "./dialer-things.ts";
import { wrongUsage } from "./exit.ts";
import { addListOptions, type ListOptions, loadList, toMoreText } from "./list.ts";
import { toTable } from "./table.ts";

const audio = z.object({
  id: z.string(),
  name: z.string(),
  size_bytes: z.number(),
  duration_seconds: z.number(),
  original_name: z.string(),
});
const PATH = "/api/v1/audios";

export function createAudio(context: CommandContext): Command {
  const group = createCommand("audio", "what the dialer plays");
  group.addCommand(
    addListOptions(createCommand("list", "the audios"), 1_000).action((options: ListOptions) =>
      listAudios(context, options),
    ),
  );
  group.addCommand(
    createCommand("add", "upload a sound; it is converted to what every PBX plays")
      .argument("<file>", "wav gsm ulaw alaw sln mp3 ogg flac m4a, at most 50 MB")
      .option("--name <name>", "by default the file's name")
      .option("--replace", "play it in place of the one that has this name")
      .option(...JSON_OPTION)
      .action((file: string, options: AddFlags) => addAudio(context, file, options)),
  );
  group.addCommand(
    createCommand("remove", "delete an audio that no project plays")
      .argument("<audio>", "name or id")
      .option(...JSON_OPTION)
      .action((named: string, options: JsonOption) => removeAudio(context, named, options)),
  );
  return group;
}

async function listAudios(context: CommandContext, options: ListOptions): Promise<void> {
  const answer = await loadList(await openApi(context), PATH, {}, options.limit);
  const toText = (): string => {
    const rows = parseAnswer(z.array(audio), answer.items).map(({ id, name, duration_seconds, original_name }) => [
      ...[id, name, `${duration_seconds.toFixed(1)} s`, original_name],
    ]);
    return toTable(context.terminal, ["ID", "Name", "Length", "From"], rows) + toMoreText(answer);
  };
  show(context, options, { answer, toText });
}

interface AddFlags extends JsonOption {
  name?: string;
  replace?: boolean;
}

async function addAudio(context: CommandContext, file: string, options: AddFlags): Promise<void> {
  const form = new FormData();
  if (options.name !== undefined) form.set("name", options.name);
  if (options.replace) form.set("replace", "true");
  form.set("file", await openFile(file), basename(file));
  const answer = await (await openApi(context)).upload(PATH, form);
  const toText = (): string => {
    const made = parseAnswer(audio, answer);
    return `Audio ${made.name} (${made.duration_seconds.toFixed(1)} s) has id ${made.id}.`;
  };
  show(context, options, { answer, toText });
}

async function removeAudio(context: CommandContext, named: string, options: JsonOption): Promise<void> {
  const api = await openApi(context);
  const { id } = await findAudio(api, named);
  await api.send("DELETE", `${PATH}/${id}`);
  show(context, options, { answer: { id, removed: true }, toText: () => `Audio ${named} is gone.` });
}

/** Read as it is sent. Throws wrong usage when there is no such file. */
export async function openFile(path: string): Promise<Blob> {
  try {
    return await openAsBlob(path);
  } catch (error) {
    throw wrongUsage(`${path} cannot be read: ${toErrorMessage(error)}`);
  }
}
