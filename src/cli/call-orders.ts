import type { Command } from "commander";
import { z } from "zod";
import { parseAnswer } from "./api-client.ts";
import { toCallId } from "./call-id.ts";
import { type CommandContext, createCommand, JSON_OPTION, type JsonOption, openApi, show } from "./command.ts";
import { wrongUsage } from "./exit.ts";

/** What is done to calls: `enlace calls originate`, and orders for one that is going on. */
export function addCallOrders(group: Command, context: CommandContext): void {
  group.addCommand(
    createCommand("originate", "ring an extension, and dial a number once it has picked up")
      .argument("<extension>", "rings first")
      .argument("<number>", "as people write it")
      .option("--pbx <id>", "by default the tenant's first that is connected")
      .option(...JSON_OPTION)
      .action((extension: string, number: string, flags: OriginateFlags) =>
        originate(context, { extension, number, pbx_id: flags.pbx }, flags),
      ),
  );
  addOrder(group, context, {
    command: createCommand("transfer", "hand the customer to an extension or a number")
      .option("--extension <extension>", "of the tenant")
      .option("--number <number>", "outside")
      .option("--attended", "the agent talks to the target first"),
    toBody: ({ extension, number, attended }: TransferFlags) => {
      if ((extension === undefined) === (number === undefined))
        throw wrongUsage("give an extension or a number", "enlace calls transfer <call> --extension 102");
      return { extension, number, kind: attended ? "attended" : "blind" };
    },
    toText: () => "The PBX has been told.",
  });
  addOrder(group, context, {
    name: "transfer/cancel",
    command: createCommand("cancel-transfer", "give up an attended transfer: the agent is back with the customer"),
    toBody: () => undefined,
    toText: () => "The agent is back with the customer.",
  });
  addOrder(group, context, {
    command: createCommand("redirect", "send the customer to an extension; whoever rings stops").requiredOption(
      "--extension <extension>",
      "of the tenant",
    ),
    toBody: ({ extension }: TransferFlags) => ({ extension }),
    toText: () => "The PBX has been told.",
  });
  addOrder(group, context, {
    command: createCommand("hangup", "end a call"),
    toBody: () => undefined,
    toText: () => "The call is ended.",
  });
  addOrder(group, context, {
    command: createCommand("park", "leave the customer in a parking lot").option("--lot <lot>", "not the usual one"),
    toBody: ({ lot }: { lot?: string }) => ({ lot }),
    toText: (answer) => {
      const { space } = parseAnswer(z.object({ space: z.string().nullable() }), answer);
      return space === null ? "It is parked; the PBX did not say where." : `Dial ${space} to fetch it.`;
    },
  });
  addOrder(group, context, {
    name: "dtmf",
    command: createCommand("keys", "press keys for the other side to hear")
      .requiredOption("--digits <digits>", "0-9 A-D * #")
      .option("--agent", "for the agent, in place of the customer"),
    toBody: ({ digits, agent }: { digits: string; agent?: boolean }) => ({ digits, to: agent ? "agent" : "customer" }),
    toText: () => "They are pressed.",
  });
  addOrder(group, context, {
    name: "recording",
    command: createCommand("record", "start, stop, pause or resume the recording of a call").requiredOption(
      "--action <action>",
      "start, stop, pause or resume",
    ),
    toBody: ({ action }: { action: string }) => ({ action }),
    toText: (answer) => parseAnswer(z.object({ file: z.string().nullable() }), answer).file ?? "Done.",
  });
}

interface OriginateFlags extends JsonOption {
  pbx?: string;
}

interface TransferFlags extends JsonOption {
  extension?: string;
  number?: string;
  attended?: boolean;
}

interface Order<Flags> {
  command: Command;
  /** Last part of the address, where the command is called otherwise. */
  name?: string;
  toBody(flags: Flags): object | undefined;
  toText(answer: unknown): string;
}

function addOrder<Flags extends object>(group: Command, context: CommandContext, order: Order<Flags>): void {
  const { command, name = command.name(), toBody, toText } = order;
  command.argument("<call>", "id or call_uuid").option(...JSON_OPTION);
  command.action(async (named: string, flags: Flags & JsonOption) => {
    const body = toBody(flags);
    const api = await openApi(context);
    const id = encodeURIComponent(await toCallId(api, named));
    const answer = (await api.send("POST", `/api/v1/calls/${id}/${name}`, body)) ?? {};
    show(context, flags, { answer, toText: () => toText(answer) });
  });
  group.addCommand(command);
}

async function originate(context: CommandContext, body: object, options: JsonOption): Promise<void> {
  const answer = await (await openApi(context)).send("POST", "/api/v1/calls/originate", body);
  const toText = (): string => {
    const { call_uuid } = parseAnswer(z.object({ call_uuid: z.string().nullable() }), answer);
    return call_uuid === null ? "The phone rings." : `The phone rings; the call is ${call_uuid}.`;
  };
  show(context, options, { answer, toText });
}
