import { PinJobDocument } from '../../client/generated/graphql.ts';
import type { CommandContext } from '../command-context.ts';
import { EXIT } from '../exit-codes.ts';

/** `lifeline pin`, `lifeline unpin`: whether retention leaves a job alone. */
export async function pin(context: CommandContext, jobId: string, pinned: boolean): Promise<number> {
  const { setJobPinned: job } = await context.connect().execute(PinJobDocument, { jobId, pinned });
  if (context.wantsJson) await context.printJson(job);
  else
    await context.output.write(
      job.pinned
        ? `job ${job.id} is pinned: it stays until it is unpinned\n`
        : `job ${job.id} is not pinned: it goes when its time comes\n`,
    );
  return EXIT.OK;
}
