import type { Command } from "commander";
import { z } from "zod";
import { type ApiClient, parseAnswer } from "./api-client.ts";
import { type CommandContext, createCommand, JSON_OPTION, type JsonOption, openApi, show } from "./command.ts";
import { findCampaign } from "./dialer-things.ts";
import { CommandFailure } from "./exit.ts";
import { addTo, parseAssignment } from "./option-value.ts";

// People of a campaign one by one; lists come by `enlace campaign import`.

const added = z.object({
  inserted: z.number(),
  invalid_lines: z.array(z.object({ value: z.string(), reason: z.string() })),
});
const contacts = z.object({ items: z.array(z.object({ id: z.string() })) });

interface Named {
  campaign: string;
  number: string;
}

const target = (name: string, description: string): Command =>
  createCommand(name, description)
    .argument("<campaign>", "id or name")
    .argument("<number>", "with its country code, or of the tenant's country")
    .option(...JSON_OPTION);

export function createContactCommands(context: CommandContext): Command[] {
  return [
    target("add-contact", "add somebody to call; who is there already stays as they are")
      .option("--var <name=value>", "a variable for what is said; repeat it", addTo)
      .action((campaign: string, number: string, options: AddFlags) =>
        addContact(context, { campaign, number }, options),
      ),
    target("skip-contact", "do not call somebody who waits").action(
      (campaign: string, number: string, options: JsonOption) => skipContact(context, { campaign, number }, options),
    ),
    target("remove-contact", "take somebody out of the campaign and its figures").action(
      (campaign: string, number: string, options: JsonOption) => removeContact(context, { campaign, number }, options),
    ),
  ];
}

interface AddFlags extends JsonOption {
  var?: string[];
}

async function addContact(context: CommandContext, named: Named, options: AddFlags): Promise<void> {
  const api = await openApi(context);
  const { id } = await findCampaign(api, named.campaign);
  const variables = Object.fromEntries((options.var ?? []).map(parseAssignment));
  const answer = await api.send("POST", `/api/v1/campaigns/${id}/contacts`, { number: named.number, variables });
  const { inserted, invalid_lines } = parseAnswer(added, answer);
  const [wrong] = invalid_lines;
  if (wrong) throw new CommandFailure(`"${wrong.value}" ${wrong.reason}`);
  const toText = (): string => `${named.number} ${inserted === 1 ? "is to be called" : "was there already"}.`;
  show(context, options, { answer, toText });
}

async function skipContact(context: CommandContext, named: Named, options: JsonOption): Promise<void> {
  const api = await openApi(context);
  const answer = await api.send("POST", `${await findContact(api, named)}/skip`, {});
  show(context, options, { answer, toText: () => `${named.number} is skipped.` });
}

async function removeContact(context: CommandContext, named: Named, options: JsonOption): Promise<void> {
  const api = await openApi(context);
  await api.send("DELETE", await findContact(api, named));
  show(context, options, { answer: { removed: true }, toText: () => `${named.number} is out of the campaign.` });
}

/** The contact's path. */
async function findContact(api: ApiClient, { campaign, number }: Named): Promise<string> {
  const { id } = await findCampaign(api, campaign);
  const path = `/api/v1/campaigns/${id}/contacts`;
  const [contact] = parseAnswer(contacts, await api.get(path, { number })).items;
  if (!contact) throw new CommandFailure(`${number} is not in this campaign`);
  return `${path}/${contact.id}`;
}
