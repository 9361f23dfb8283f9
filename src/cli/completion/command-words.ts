import type { Command } from 'commander';

/** What can be typed after a command's name, read from the commands themselves. */
export interface CommandWords {
  readonly name: string;
  readonly description: string;
  readonly options: readonly OptionWords[];
  /** What its first argument can be, where there is a fixed choice: a word, or the name of a command within it. */
  readonly choices: readonly string[];
  /** Whether its arguments are another command with its arguments. */
  readonly takesCommand: boolean;
  /** Whether an argument of it can be the name of a service, which the server is asked for. */
  readonly takesService: boolean;
}

export interface OptionWords {
  /** Such as `-d`. */
  readonly short: string | undefined;
  /** Such as `--detach`. */
  readonly long: string;
  readonly description: string;
  readonly takesValue: boolean;
  readonly choices: readonly string[];
}

/** What a shell runs for the names of services; it says nothing where there is no server. */
export const NAMES_OF_SERVICES = 'lifeline services --names --request-timeout 2s 2>/dev/null';

/** The commands of a program, without the hidden ones. */
export function commandWords(program: Command): CommandWords[] {
  return program
    .createHelp()
    .visibleCommands(program)
    .map((command) => {
      const [argument] = command.registeredArguments;
      return {
        name: command.name(),
        description: command.description(),
        options: command
          .createHelp()
          .visibleOptions(command)
          .flatMap((option) =>
            option.long === undefined
              ? []
              : {
                  short: option.short ?? undefined,
                  long: option.long,
                  description: option.description,
                  takesValue: option.required,
                  choices: option.argChoices ?? [],
                },
          ),
        choices: argument?.argChoices ?? command.commands.map((inner) => inner.name()),
        takesCommand: argument?.name() === 'command',
        takesService: argument?.name().endsWith('service') === true,
      };
    });
}
