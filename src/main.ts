#!/usr/bin/env node
import { Command } from 'commander';
import { readFileSync } from 'node:fs';
import { ConfigError, readConfig, withServeOptions } from './config.ts';
import { serve } from './serve.ts';
import { StartupError } from './storage/startup-error.ts';

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

const program = new Command('lifeline').description('Run jobs. Never lose a line.').version(version);
withServeOptions(program.command('serve', { isDefault: true }))
  .description('run the server')
  .action(async (_options: unknown, command: Command) => {
    await serve(readConfig(command, process.env), version);
  });

try {
  await program.parseAsync();
  process.exit(0);
} catch (error) {
  if (!(error instanceof StartupError) && !(error instanceof ConfigError)) throw error;
  process.stderr.write(`lifeline: ${error.message}\n`);
  process.exit(1);
}
