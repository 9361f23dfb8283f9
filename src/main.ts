#!/usr/bin/env node
import { Command } from 'commander';
import { readFileSync } from 'node:fs';
import { addClientCommands } from './cli/program.ts';
import { addOfflineCommands } from './offline-commands.ts';
import { ConfigError, readConfig, withServeOptions } from './config.ts';
import { StartupError } from './storage/startup-error.ts';

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

const program = new Command('lifeline')
  .description('Run jobs. Never lose a line.')
  .version(version)
  .enablePositionalOptions();
withServeOptions(program.command('serve', { isDefault: true }))
  .description('run the server')
  .action(async (_options: unknown, command: Command) => {
    // The commands start in a fraction of the time that the server needs.
    const { loadInTurns } = await import('./load-in-turns.ts');
    await loadInTurns();
    const { serve } = await import('./serve.ts');
    await serve(readConfig(command, process.env), version);
  });
addClientCommands(program);
addOfflineCommands(program, version);

const [word] = process.argv.slice(2);
// Without this, a mistyped command would be an argument too many of the default one, `serve`.
const isUnknown =
  word !== undefined &&
  !word.startsWith('-') &&
  word !== 'help' &&
  !program.commands.some((command) => command.name() === word);
if (isUnknown) program.error(`error: unknown command '${word}'. See lifeline --help.`, { exitCode: 125 });

try {
  await program.parseAsync();
  process.exit();
} catch (error) {
  if (!(error instanceof StartupError) && !(error instanceof ConfigError)) throw error;
  process.stderr.write(`lifeline: ${error.message}\n`);
  process.exit(1);
}
