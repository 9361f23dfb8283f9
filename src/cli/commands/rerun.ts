import { randomUUID } from 'node:crypto';
import { RerunJobDocument } from '../../client/generated/graphql.ts';
import type { CommandContext } from '../command-context.ts';
import { EXIT } from '../exit-codes.ts';
import { followToEnd } from '../follow-to-end.ts';
import { Interrupts } from '../interrupts.ts';
import { submitJob } from '../submit-job.ts';

export interface RerunOptions {
  readonly follow?: boolean;
  readonly requestId?: string;
  readonly raw?: boolean;
  readonly verbose?: boolean;
}

/** `lifeline rerun`: runs a job once more and prints the new id, or with `--follow` goes on as `lifeline run` does. */
export async function rerun(context: CommandContext, jobId: string, options: RerunOptions): Promise<number> {
  const connection = context.connect();
  const variables = { jobId, changes: { requestId: options.requestId ?? randomUUID() } };
  const request = async (signal?: AbortSignal) =>
    (await connection.execute(RerunJobDocument, variables, { signal })).rerunJob;
  if (options.follow !== true) {
    const job = await submitJob(request);
    await (context.wantsJson ? context.printJson(job) : context.output.write(`${job.id}\n`));
    return EXIT.OK;
  }
  await using interrupts = new Interrupts(connection, (sentence) => context.note(sentence));
  const job = await submitJob(() => request(interrupts.left), interrupts.left);
  interrupts.aimAt(job.id);
  const { raw = false, verbose = false } = options;
  return await followToEnd(context, connection, job, interrupts, { raw, verbose });
}
