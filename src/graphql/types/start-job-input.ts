import { z } from 'zod';
import type { StartJobRequest } from '../../supervisor/job-request.ts';
import { builder } from '../builder.ts';
import { given } from '../given.ts';
import { EnvInput, envOf } from './env.ts';
import { JobSignalRef } from './job-signal.ts';
import { LogOverflowRef } from './log-overflow.ts';
import { OnEndRef } from './on-end.ts';

/** Only the shape is checked here; whether there is such a program or directory is the supervisor's to say. */
const oneProgram = z
  .looseObject({
    command: z.unknown().optional(),
    script: z.unknown().optional(),
    service: z.unknown().optional(),
  })
  .refine(({ command, script, service }) => Object.keys(given({ command, script, service })).length === 1, {
    error: 'Give exactly one of command, script and service.',
    path: ['command'],
  });

export const StartJobInput = builder.inputType('StartJobInput', {
  description: 'What to run, and how.',
  validate: oneProgram,
  fields: (t) => ({
    requestId: t.string({
      description:
        'A word of your own for this request. A repeat, also after a restart of the server, returns the first job instead of starting another.',
      validate: z
        .string()
        .min(1, 'A requestId cannot be empty.')
        .max(200, 'A requestId has 200 characters at most.'),
    }),
    command: t.stringList({
      description:
        'The program and its arguments, passed on as they are, without a shell. Exactly one of command, script and service.',
      validate: z.array(z.string()).min(1, 'A command needs at least the name of a program.'),
    }),
    script: t.string({
      description: 'Text that is run by `sh -c`. Exactly one of command, script and service.',
    }),
    service: t.string({
      description:
        'The name of a service, to run it once, on demand, as it is defined. What else is given is taken instead of what is defined, which needs the scope exec.',
    }),
    cwd: t.string({
      description:
        'Absolute path of the working directory. Default: the home directory of the user that jobs run as.',
    }),
    env: t.field({
      type: [EnvInput],
      description:
        'Variables beside PATH, HOME and LANG. Nothing else of the server’s environment is passed on.',
    }),
    stdin: t.string({
      description: 'Text for standard input. Without it the program reads an immediate end of file.',
    }),
    unbuffered: t.boolean({
      description:
        'Ask the program not to hold its output back (stdbuf, PYTHONUNBUFFERED); many hold it where they see no terminal. Default: false.',
    }),
    timeoutMs: t.int({
      description: 'Milliseconds after which the job is ended as TIMED_OUT. Default: none.',
      validate: z.int().positive('timeoutMs is a number of milliseconds above 0.'),
    }),
    gracePeriodMs: t.int({
      description: 'Milliseconds between the polite signal and SIGKILL. Default: 10000.',
      validate: z.int().nonnegative('gracePeriodMs is a number of milliseconds; it cannot be negative.'),
    }),
    onEnd: t.field({
      type: OnEndRef,
      description: 'What happens to processes that the program leaves behind. Default: KILL_TREE.',
    }),
    stopSignal: t.field({
      type: JobSignalRef,
      description:
        'The polite signal of its end. Not SIGKILL, SIGSTOP, SIGCONT or SIGWINCH. Default: SIGTERM.',
    }),
    stopCommand: t.stringList({
      description:
        'A program with its arguments that is run instead of the polite signal, as the job’s own, with LIFELINE_JOB_ID and LIFELINE_PID. It has the grace period; where it fails, the signal is sent at once.',
      validate: z.array(z.string()).min(1, 'A stop command needs at least the name of a program.'),
    }),
    labels: t.stringList({ description: 'Words to find the job by.' }),
    // Without default values: those that an older server did not know would change what a repeat is known by.
    priority: t.int({
      description:
        'From -100 to 100: of waiting jobs the one with the highest goes first, of equals the oldest. Default: 0.',
    }),
    concurrencyKey: t.string({
      description:
        'A word of your own, such as `deploy`: of jobs with the same one no more than concurrencyLimit run at once. ' +
        'The others wait, and hold up nobody else.',
    }),
    concurrencyLimit: t.int({
      description:
        'How many jobs with its concurrencyKey may run, itself included. Each job keeps to its own. Default: 1.',
    }),
    maxLogBytes: t.field({
      type: 'SafeInt',
      description:
        'The cap of its log in bytes, streams and index together; at least 1048576. Default: that of the server (--max-log-bytes, 1 GiB).',
    }),
    logOverflow: t.field({
      type: LogOverflowRef,
      description: 'What becomes of it when its log reaches the cap. Default: TRIM.',
    }),
  }),
});

/** The request as the supervisor takes it. */
export function startJobRequest({ service: _, ...input }: typeof StartJobInput.$inferInput): StartJobRequest {
  const { env, ...rest } = given(input);
  return env === undefined ? rest : { ...rest, env: envOf(env) };
}

/**
 * Whether it asks for nothing but what somebody has defined before. So does what is not there yet: the schema that a
 * scope is shown is made without arguments.
 */
export function runsWhatIsDefined(input: typeof StartJobInput.$inferInput | undefined): boolean {
  if (input === undefined) return true;
  const { service, requestId: _, ...changes } = input;
  return service != null && Object.keys(given(changes)).length === 0;
}
