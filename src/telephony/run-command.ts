import type { CallCommands, CommandsFor } from "./call-commands.ts";
import type { CommandAnswer, PbxCommand } from "./pbx-command.ts";
import type { Reload } from "./reload.ts";

export interface CommandRunners {
  commandsFor: CommandsFor;
  reload: Reload;
}

/** Carries out an order on the PBX that this process owns. Rejects as `CallCommands` does. */
export async function runCommand(runners: CommandRunners, command: PbxCommand): Promise<CommandAnswer> {
  const { commandsFor, reload } = runners;
  const commands: CallCommands = commandsFor("onlyFor" in command ? command.onlyFor : null);
  switch (command.kind) {
    case "originate":
      return { callUuid: (await commands.clickToCall(command)).callUuid };
    case "hangup":
      await commands.hangUp(command.callUuid);
      return {};
    case "divert":
      await commands.divert(command.callUuid, command.to);
      return {};
    case "transfer":
      await commands.transfer(command.callUuid, command.to, command.way);
      return {};
    case "cancel_transfer":
      await commands.cancelTransfer(command.callUuid);
      return {};
    case "redirect":
      await commands.redirect(command.callUuid, command.extension);
      return {};
    case "park":
      return commands.park(command.callUuid, command.lot);
    case "dtmf":
      await commands.pressKeys(command.callUuid, command);
      return {};
    case "recording":
      return commands.record(command.callUuid, command.action);
    case "spy":
      await commands.listenIn(command.callUuid, command);
      return {};
    case "reload":
      return reload(command);
  }
}
