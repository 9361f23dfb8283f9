import { z } from 'zod';
import type { StartJobRequest } from '../../supervisor/job-request.ts';
import { builder } from '../builder.ts';
import { given } from '../given.ts';
import { EnvInput, envOf } from './env.ts';
import { JobSignalRef } from './job-signal.ts';
import { LogOverflowRef } from './log-overflow.ts';
import { OnEndRef } from './on-end.ts';

/** The fields of StartJobInput without their defaults: what is absent stays as it was. */
export const RerunJobInput = builder.inputType('RerunJobInput', {
  description: 'What is to be different from the job that is repeated. What is absent stays as it was.',
  fields: (t) => ({
    requestId: t.string({
      description: 'A word of your own for this request; a repeat of it returns the same job.',
    }),
    command: t.stringList({
      description: 'Another program with its arguments; it replaces a script, too.',
      validate: z.array(z.string()).min(1, 'A command needs at least the name of a program.'),
    }),
    script: t.string({ description: 'Another script; it replaces a command, too.' }),
    cwd: t.string({ description: 'Another working directory, as an absolute path.' }),
    env: t.field({ type: [EnvInput], description: 'Other variables, instead of all former ones.' }),
    stdin: t.string({ description: 'Another text for standard input.' }),
    unbuffered: t.boolean({ description: 'Whether the program is asked not to hold its output back.' }),
    timeoutMs: t.int({
      description: 'Another timeout in milliseconds.',
      validate: z.int().positive('timeoutMs is a number of milliseconds above 0.'),
    }),
    gracePeriodMs: t.int({
      description: 'Another grace period in milliseconds.',
      validate: z.int().nonnegative('gracePeriodMs is a number of milliseconds; it cannot be negative.'),
    }),
    onEnd: t.field({
      type: OnEndRef,
      description: 'What happens to processes that the program leaves behind.',
    }),
    stopSignal: t.field({
      type: JobSignalRef,
      description: 'Another polite signal.',
    }),
    stopCommand: t.stringList({
      description: 'Another program with its arguments that is run instead of the polite signal.',
      validate: z.array(z.string()).min(1, 'A stop command needs at least the name of a program.'),
    }),
    labels: t.stringList({ description: 'Other labels, instead of all former ones.' }),
    priority: t.int({ description: 'Another priority, from -100 to 100.' }),
    concurrencyKey: t.string({ description: 'Another concurrency key.' }),
    concurrencyLimit: t.int({ description: 'Another limit of jobs that run with its concurrency key.' }),
    maxLogBytes: t.field({ type: 'SafeInt', description: 'Another cap of its log, in bytes.' }),
    logOverflow: t.field({ type: LogOverflowRef, description: 'What else becomes of it at the cap.' }),
  }),
});

/** The changes as the supervisor takes them. */
export function changesOf(input: typeof RerunJobInput.$inferInput): StartJobRequest {
  const { env, ...rest } = given(input);
  return env === undefined ? rest : { ...rest, env: envOf(env) };
}
