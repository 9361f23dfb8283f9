import { Option, type Command } from 'commander';
import { CliError } from './cli/cli-error.ts';
import type { CommandContext } from './cli/command-context.ts';
import { withUsageExitCode } from './cli/program.ts';
import { runCommand } from './cli/run-command.ts';
import { OfflineError } from './offline-error.ts';
import { BackupError } from './storage/backup-error.ts';
import { StartupError } from './storage/startup-error.ts';

interface OfflineOptions {
  readonly dataDir: string;
  readonly json?: boolean;
}

/**
 * Adds the commands that work on a data directory by themselves, without asking a server.
 * @param version of Lifeline
 */
export function addOfflineCommands(program: Command, version: string): void {
  offlineCommand(
    program,
    'backup',
    'copy everything to a new place, also while the server runs, and read it back',
  )
    .argument('<destination>', 'a directory that is new or empty')
    .action(async (destination: string, options: OfflineOptions) =>
      perform(options, async (context) => {
        const { backup } = await import('./backup.ts');
        const { printBackup } = await import('./print-offline.ts');
        await printBackup(context, backup(options.dataDir, destination, version));
        return 0;
      }),
    );
  offlineCommand(program, 'restore', 'make a data directory of a backup')
    .argument('<backup>', 'the directory of the backup')
    .option('--replace', 'move what is in the data directory aside first')
    .action(async (source: string, options: OfflineOptions & { readonly replace?: boolean }) =>
      perform(options, async (context) => {
        const { restore } = await import('./restore.ts');
        const { printRestore } = await import('./print-offline.ts');
        const replace = options.replace ?? false;
        await printRestore(context, await restore(source, options.dataDir, { replace }));
        return 0;
      }),
    );
  addDoctor(program, version);
  offlineCommand(program, 'rebuild', 'make a lost or damaged database anew from the directories of the jobs')
    .option('--force', 'also where the database is whole')
    .action(async (options: OfflineOptions & { readonly force?: boolean }) =>
      perform(options, async (context) => {
        const { rebuild } = await import('./rebuild.ts');
        const { printRebuild } = await import('./print-offline.ts');
        const report = await rebuild(options.dataDir, { force: options.force ?? false });
        await printRebuild(context, report);
        return 0;
      }),
    );
}

function addDoctor(program: Command, version: string): void {
  offlineCommand(program, 'doctor', 'look for what is wrong here, and say what to do').action(
    async (options: OfflineOptions) =>
      perform(options, async (context) => {
        const { examine } = await import('./doctor.ts');
        const { printFindings } = await import('./print-offline.ts');
        const findings = await examine(options.dataDir, version, context.environment);
        await printFindings(context, findings);
        return findings.some(({ level }) => level === 'PROBLEM') ? 1 : 0;
      }),
  );
}

function offlineCommand(program: Command, name: string, description: string): Command {
  return withUsageExitCode(program.command(name))
    .description(description)
    .addOption(
      new Option('--data-dir <path>', 'where everything is kept')
        .env('LIFELINE_DATA_DIR')
        .default('./.lifeline'),
    )
    .option('--json', 'print JSON');
}

async function perform(
  options: OfflineOptions,
  command: (context: CommandContext) => Promise<number>,
): Promise<void> {
  process.exitCode = await runCommand({ json: options.json ?? false }, async (context) => {
    try {
      return await command(context);
    } catch (error) {
      if (!isToldInOneSentence(error)) throw error;
      throw new CliError(error.message, { cause: error });
    }
  });
}

function isToldInOneSentence(error: unknown): error is Error {
  return error instanceof StartupError || error instanceof OfflineError || error instanceof BackupError;
}
