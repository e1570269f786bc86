/** What a command leaves behind: 0 done, 1 refused or failed, 2 used wrongly. */
export const EXIT = { ok: 0, failed: 1, usage: 2 } as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** Ends a command with a sentence for the person who typed it. Whatever else is thrown is told by its message, as `failed`. */
export class CommandFailure extends Error {
  readonly exitCode: ExitCode;
  /** Further lines: what to do now. */
  readonly hints: readonly string[];
  constructor(
    message: string,
    { exitCode = EXIT.failed, hints = [] as readonly string[], cause }: FailureDetails = {},
  ) {
    super(message, { cause });
    this.name = "CommandFailure";
    this.exitCode = exitCode;
    this.hints = hints;
  }
}

interface FailureDetails {
  exitCode?: ExitCode;
  hints?: readonly string[];
  cause?: unknown;
}

/** The command was typed wrongly. */
export function wrongUsage(message: string, ...hints: string[]): CommandFailure {
  return new CommandFailure(message, { exitCode: EXIT.usage, hints });
}
