import { Argument, Option, type Command } from 'commander';
import type { CommandContext, CommonOptions } from './command-context.ts';
import type { ApplyOptions } from './commands/apply.ts';
import type { AuditOptions } from './commands/audit.ts';
import type { Shell } from './commands/completion.ts';
import type { LogsOptions } from './commands/logs.ts';
import type { PsOptions } from './commands/ps.ts';
import type { RerunOptions } from './commands/rerun.ts';
import type { RunOptions } from './commands/run.ts';
import type { ImportFormat } from './commands/service-file.ts';
import type { ServiceVerb } from './commands/service.ts';
import type { ServicesOptions } from './commands/services.ts';
import type { CreateTokenOptions } from './commands/token.ts';
import { EXIT } from './exit-codes.ts';
import {
  collect,
  countArgument,
  durationArgument,
  jobIdArgument,
  jobOrServiceArgument,
  logCapArgument,
  longDurationArgument,
  serviceNameArgument,
  serviceNamesArgument,
  numberArgument,
  statusArgument,
  stopSignalArgument,
  waitArgument,
} from './option-values.ts';

// What a command does is loaded when it is given: `lifeline --help` needs neither the client nor a server.

/**
 * Adds the commands that speak to a server. Each sets `process.exitCode` when it has ended; wrong usage ends the process with
 * 125, as any failure of Lifeline's own.
 */
export function addClientCommands(program: Command): void {
  addRun(program);
  addLogs(program);
  addPs(program);
  addJobCommands(program);
  addTokenCommands(program);
  addAudit(program);
  addServiceCommands(program);
  addServiceFileCommands(program);
  addOpenAndCompletion(program);
}

function addRun(program: Command): void {
  clientCommand(program, 'run', 'start a job, follow it, end with its exit code')
    .argument('[command...]', 'the program and its arguments, after --')
    // What comes after the program's name is the program's, also where it looks like an option.
    .passThroughOptions()
    .option('--script <text>', 'run this text by sh -c, instead of a command')
    .option('--cwd <path>', 'working directory (default: this one, where the server is on this machine)')
    .option('-e, --env <name=value>', 'a variable; the name alone passes yours on; repeatable', collect, [])
    .option(
      '--secret <name=value>',
      'a variable that nobody is told, masked in the log; the name alone passes yours on; repeatable',
      collect,
      [],
    )
    .option('--stdin <file>', 'text for its standard input; - reads ours')
    .option('--unbuffered', 'ask the program not to hold its output back')
    .option(
      '--timeout <time>',
      'end it as TIMED_OUT after this time: milliseconds, or 30s, 5m, 2h',
      durationArgument,
    )
    .option('--grace <time>', 'time between the polite signal and SIGKILL (default: 10s)', durationArgument)
    .option(
      '--stop-signal <name>',
      'the polite signal: TERM, INT, HUP, QUIT, USR1, USR2 (default: TERM)',
      stopSignalArgument,
    )
    .addOption(
      new Option('--on-end <what>', 'what becomes of processes that it leaves behind').choices([
        'kill-tree',
        'wait',
      ]),
    )
    .option('-l, --label <word>', 'a word to find it by; repeatable', collect, [])
    .option(
      '--priority <number>',
      'from -100 to 100: of waiting jobs the highest goes first (default: 0)',
      numberArgument(-100, 100),
    )
    .option('--key <word>', 'jobs with the same key do not run at once')
    .option(
      '--key-limit <count>',
      'how many jobs with the key may run, this one included (default: 1)',
      countArgument(1),
    )
    .option(
      '--max-log-bytes <size>',
      'the cap of its log: bytes, or 16MiB, 1GiB (default: that of the server)',
      logCapArgument,
    )
    .addOption(
      new Option(
        '--log-overflow <what>',
        'at the cap: lose the oldest lines, or end the job (default: trim)',
      ).choices(['trim', 'cancel']),
    )
    .option('--request-id <word>', 'your own word for this request; a repeat gives the same job')
    .option('-d, --detach', 'print its number and leave it running')
    .option('--raw', 'leave control characters as they are')
    .option('-v, --verbose', 'say when the connection is lost and found')
    .action(
      async (command: readonly string[], { onEnd, logOverflow, ...options }: RunFlags & CommonOptions) => {
        const policies = { 'kill-tree': 'KILL_TREE', wait: 'WAIT' } as const;
        const overflows = { trim: 'TRIM', cancel: 'CANCEL' } as const;
        const chosen = {
          ...(onEnd !== undefined && { onEnd: policies[onEnd] }),
          ...(logOverflow !== undefined && { logOverflow: overflows[logOverflow] }),
        };
        await perform(options, async (context) =>
          (await import('./commands/run.ts')).run(context, command, { ...options, ...chosen }),
        );
      },
    );
}

interface RunFlags extends Omit<RunOptions, 'onEnd' | 'logOverflow'> {
  readonly logOverflow?: 'trim' | 'cancel';
  readonly onEnd?: 'kill-tree' | 'wait';
}

interface TokenFlags extends Omit<CreateTokenOptions, 'scope'> {
  readonly scope: Lowercase<CreateTokenOptions['scope']>;
}

function addLogs(program: Command): void {
  clientCommand(program, 'logs', 'print what a job, or the newest job of a service, has written')
    .argument('<job-or-service>', 'number of a job, or name of a service', jobOrServiceArgument)
    .option('-f, --follow', 'go on to the end of the job; of a service, from one job to the next')
    .option('-n, --tail <count>', 'begin with the last so many lines', countArgument(0))
    .addOption(new Option('--stream <name>', 'lines of one stream only').choices(['stdout', 'stderr']))
    .addOption(
      new Option('--grep <pattern>', 'only lines that have this, as far as the log goes by now').conflicts([
        'follow',
        'tail',
      ]),
    )
    .option('--regex', 'the pattern is a regular expression in RE2 syntax')
    .option('-i, --ignore-case', 'capital and small letters of the pattern are the same')
    .option('--jsonl', 'one JSON object a line (as --json)')
    .option('-t, --timestamps', 'begin each line with the time at which it was read')
    .option('--raw', 'leave control characters as they are')
    .option('-v, --verbose', 'say when the connection is lost and found')
    .action(async (target: string, { stream, jsonl, ...options }: LogsFlags & CommonOptions) => {
      const json = options.json ?? jsonl ?? false;
      const streams = { stdout: 'STDOUT', stderr: 'STDERR' } as const;
      const chosen = stream === undefined ? {} : { stream: streams[stream] };
      await perform({ ...options, json }, async (context) => {
        if (/^\d+$/.test(target)) {
          return (await import('./commands/logs.ts')).logs(context, target, { ...options, ...chosen });
        }
        const { serviceLogs } = await import('./commands/service-logs.ts');
        return serviceLogs(context, target, { ...options, ...chosen });
      });
    });
}

interface LogsFlags extends Omit<LogsOptions, 'stream'> {
  readonly stream?: 'stdout' | 'stderr';
  readonly jsonl?: boolean;
}

function addPs(program: Command): void {
  clientCommand(program, 'ps', 'list the jobs that wait or run')
    .option('-a, --all', 'also those that have ended')
    .option(
      '-s, --status <names>',
      'those in these statuses, separated by commas; repeatable',
      statusArgument,
      [],
    )
    .option('-l, --label <word>', 'those with this label; repeatable', collect, [])
    .option('-n, --limit <count>', 'the newest so many', countArgument(1), 100)
    .action(async (options: PsOptions & CommonOptions) =>
      perform(options, async (context) => (await import('./commands/ps.ts')).ps(context, options)),
    );
}

function addJobCommands(program: Command): void {
  withJob(clientCommand(program, 'show', 'show everything about a job')).action(
    async (jobId: string, options: CommonOptions) =>
      perform(options, async (context) => (await import('./commands/show.ts')).show(context, jobId)),
  );
  withJob(clientCommand(program, 'cancel', 'end a job'))
    .option('--grace <time>', 'milliseconds before SIGKILL, or 500ms, 5s; 0 kills now', durationArgument)
    .action(async (jobId: string, options: { readonly grace?: number } & CommonOptions) =>
      perform(options, async (context) =>
        (await import('./commands/cancel.ts')).cancel(context, jobId, options),
      ),
    );
  for (const [word, pinned, description] of [
    ['pin', true, 'keep a job, whatever retention says'],
    ['unpin', false, 'let retention have a job again'],
  ] as const) {
    withJob(clientCommand(program, word, description)).action(async (jobId: string, options: CommonOptions) =>
      perform(options, async (context) => (await import('./commands/pin.ts')).pin(context, jobId, pinned)),
    );
  }
  withJob(clientCommand(program, 'rerun', 'run a job once more, and print its number'))
    .option('-f, --follow', 'follow it and end with its exit code, as run does')
    .option('--request-id <word>', 'your own word for this request; a repeat gives the same job')
    .option('--raw', 'leave control characters as they are')
    .option('-v, --verbose', 'say when the connection is lost and found')
    .action(async (jobId: string, options: RerunOptions & CommonOptions) =>
      perform(options, async (context) =>
        (await import('./commands/rerun.ts')).rerun(context, jobId, options),
      ),
    );
}

function addTokenCommands(program: Command): void {
  const token = withUsageExitCode(program.command('token')).description('make, list and revoke tokens');
  clientCommand(token, 'create', 'make a token, and print it once')
    .argument('<name>', 'a name that no other token has or had')
    .addOption(
      new Option('--scope <scope>', 'what it lets its holder do; each holds those before it')
        .choices(['read', 'run', 'exec', 'admin'])
        .makeOptionMandatory(),
    )
    .option('--expires <time>', 'ends by itself after 12h, 30d (default: never)', longDurationArgument)
    .action(async (name: string, { scope, ...options }: TokenFlags & CommonOptions) =>
      perform(options, async (context) =>
        (await import('./commands/token.ts')).createToken(context, name, {
          ...options,
          scope: scope.toUpperCase() as CreateTokenOptions['scope'],
        }),
      ),
    );
  clientCommand(token, 'list', 'list the tokens beside the server’s own').action(
    async (options: CommonOptions) =>
      perform(options, async (context) => (await import('./commands/token.ts')).listTokens(context)),
  );
  clientCommand(token, 'revoke', 'end a token, and what it still receives, at once')
    .argument('<name>', 'its name')
    .action(async (name: string, options: CommonOptions) =>
      perform(options, async (context) => (await import('./commands/token.ts')).revokeToken(context, name)),
    );
}

function addServiceCommands(program: Command): void {
  clientCommand(program, 'services', 'list the services, and how they stand')
    .option('-l, --label <word>', 'those with this label; repeatable', collect, [])
    .option('--names', 'their names alone, one a line')
    .action(async (options: ServicesOptions & CommonOptions) =>
      perform(options, async (context) =>
        (await import('./commands/services.ts')).services(context, options),
      ),
    );
  clientCommand(program, 'service', 'show everything about a service')
    .argument('<name>', 'its name', serviceNameArgument)
    .action(async (name: string, options: CommonOptions) =>
      perform(options, async (context) => (await import('./commands/service.ts')).showService(context, name)),
    );
  const verbs = {
    start: 'start services, and what they come after',
    stop: 'stop services, and what comes after them',
    restart: 'end the jobs of services, and start new ones',
  } as const;
  for (const [verb, description] of Object.entries(verbs) as [ServiceVerb, string][]) {
    clientCommand(program, verb, description)
      .argument('<service...>', 'their names', serviceNamesArgument)
      .option('--wait <time>', 'longest wait until it is so (default: 30s); 0 does not wait', waitArgument)
      .action(async (names: readonly string[], options: { readonly wait?: number } & CommonOptions) =>
        perform(options, async (context) =>
          (await import('./commands/service.ts')).changeServices(context, verb, names, options),
        ),
      );
  }
}

function addServiceFileCommands(program: Command): void {
  clientCommand(program, 'apply', 'show how a file of services differs from the server, and make it so')
    .requiredOption('-f, --file <file>', 'a lifeline.yaml; - reads standard input')
    .option('--dry-run', 'show the difference, and do nothing')
    .option('--prune', 'remove services that are not in the file')
    .option('-y, --yes', 'do not ask before something is ended, restarted or removed')
    .option('--no-start', 'save the definitions, and start and stop nothing')
    .option('--no-restart', 'let what runs and has changed go on as it was')
    .option('--wait [time]', 'wait until what was started is up (30s unless you say otherwise)', waitArgument)
    .action(async (options: ApplyOptions & CommonOptions) =>
      perform(options, async (context) => (await import('./commands/apply.ts')).apply(context, options)),
    );
  withUsageExitCode(program.command('import'))
    .description('print another format as a lifeline.yaml, and say what does not carry over')
    .addArgument(new Argument('<format>').choices(['procfile', 'process-compose']))
    .argument('<file>', 'its file; - reads standard input')
    .action(async (format: ImportFormat, path: string) =>
      perform({}, async (context) =>
        (await import('./commands/service-file.ts')).importFile(context, format, path),
      ),
    );
  withUsageExitCode(program.command('schema'))
    .description('print the JSON Schema of a lifeline.yaml, for editors')
    .action(async () =>
      perform({}, async (context) => (await import('./commands/service-file.ts')).schema(context)),
    );
}

function addOpenAndCompletion(program: Command): void {
  clientCommand(program, 'open', 'print a URL that lets a browser in, once').action(
    async (options: CommonOptions) =>
      perform(options, async (context) => (await import('./commands/open.ts')).open(context)),
  );
  withUsageExitCode(program.command('completion'))
    .description('print what a shell needs to complete commands and options')
    .addArgument(new Argument('<shell>').choices(['bash', 'zsh', 'fish']))
    .action(async (shell: Shell) =>
      perform({}, async (context) =>
        (await import('./commands/completion.ts')).completion(context, shell, program),
      ),
    );
}

function addAudit(program: Command): void {
  clientCommand(program, 'audit', 'show who did what, and what was refused, newest first')
    .option('--token <name>', 'done with this token alone')
    .option('--refused', 'what was refused alone')
    .option('--since <time>', 'of the last 12h, 30d alone', longDurationArgument)
    .option('-n, --limit <count>', 'the newest so many', countArgument(1), 50)
    .action(async (options: AuditOptions & CommonOptions) =>
      perform(options, async (context) => (await import('./commands/audit.ts')).audit(context, options)),
    );
}

function clientCommand(program: Command, name: string, description: string): Command {
  return withUsageExitCode(program.command(name))
    .description(description)
    .option('--url <url>', 'the server (or LIFELINE_URL); found by itself where one runs on this machine')
    .option('--ca-file <file>', 'certificates (PEM) to trust, beside the usual ones (or LIFELINE_CA_FILE)')
    .option('--request-timeout <time>', 'longest wait for an answer (default: 30s)', durationArgument)
    .option('--json', 'print JSON');
}

function withJob(command: Command): Command {
  return command.argument('<job>', 'number of a job', jobIdArgument);
}

/** Wrong usage ends the process with 125, as any failure of Lifeline's own. */
export function withUsageExitCode(command: Command): Command {
  return command.exitOverride((error) => {
    // eslint-disable-next-line no-restricted-properties -- nothing has been acquired while options are read
    process.exit(error.exitCode === 0 ? EXIT.OK : EXIT.LIFELINE_FAILED);
  });
}

async function perform(
  options: CommonOptions,
  command: (context: CommandContext) => Promise<number>,
): Promise<void> {
  const { runCommand } = await import('./run-command.ts');
  process.exitCode = await runCommand(options, command);
}
