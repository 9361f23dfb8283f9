import type { Command } from 'commander';
import type { CommandContext } from '../command-context.ts';
import { bashCompletion } from '../completion/bash.ts';
import { commandWords } from '../completion/command-words.ts';
import { fishCompletion } from '../completion/fish.ts';
import { zshCompletion } from '../completion/zsh.ts';
import { EXIT } from '../exit-codes.ts';

export type Shell = 'bash' | 'zsh' | 'fish';

/** `lifeline completion`: prints what a shell needs to complete the program's commands and options. */
export async function completion(context: CommandContext, shell: Shell, program: Command): Promise<number> {
  const completionFor = { bash: bashCompletion, zsh: zshCompletion, fish: fishCompletion }[shell];
  await context.output.write(completionFor(commandWords(program)));
  return EXIT.OK;
}
