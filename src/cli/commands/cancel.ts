import { CancelJobDocument } from '../../client/generated/graphql.ts';
import type { CommandContext } from '../command-context.ts';
import { EXIT } from '../exit-codes.ts';
import { styledStatus } from '../style.ts';

/** `lifeline cancel`: asks for the end of a job, and says how it stands now. */
export async function cancel(
  context: CommandContext,
  jobId: string,
  { grace }: { readonly grace?: number },
): Promise<number> {
  const variables = { jobId, gracePeriodMs: grace };
  const { cancelJob: job } = await context.connect().execute(CancelJobDocument, variables);
  if (context.wantsJson) await context.printJson(job);
  else await context.output.write(`job ${job.id} is ${styledStatus(context.output, job.status)}\n`);
  return EXIT.OK;
}
