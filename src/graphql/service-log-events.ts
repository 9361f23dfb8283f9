import { InvalidInputError, ServiceNotFoundError } from '../domain/errors.ts';
import { type JobId, parseJobId } from '../domain/job-id.ts';
import type { FollowIterator } from '../logs/follow.ts';
import type { GraphQLContext } from './context.ts';
import { given } from './given.ts';
import { type JobLogPayload, type JobLogsArguments, payloadOf } from './job-log-events.ts';
import { PayloadSource } from './payload-source.ts';

/** The arguments of `serviceLogs`, as a client wrote them. */
export interface ServiceLogsArguments extends Omit<JobLogsArguments, 'jobId' | 'after'> {
  readonly name: string;
  readonly after?: string | null | undefined;
}

interface Position {
  readonly jobId: JobId;
  readonly seq: number;
}

/**
 * The logs of a service's jobs, one after the other in the order of their ids: each to its end, then that of the next,
 * which is waited for. Attached when this returns; released by the context's signal. It ends with the service.
 *
 * @throws ServiceNotFoundError, InvalidInputError here or from the first `next()`
 */
export function serviceLogEvents(
  context: GraphQLContext,
  args: ServiceLogsArguments,
): PayloadSource<JobLogPayload> {
  const { services, signal } = context;
  const { name, streams, heartbeatMs, tail } = args;
  const position = args.after == null ? null : parsePosition(args.after);
  if (position !== null && tail != null)
    throw new InvalidInputError('Give either after or tail, not both.', 'tail');
  const { id } = services.serviceSupervisor.get(name);
  const changes = services.serviceSupervisor.changes.subscribe(id, { signal });
  let events: FollowIterator | null = null;
  let jobId: JobId = 0;
  let isFirst = true;

  const followJob = (next: JobId, from: { after?: number; tail?: number }): void => {
    jobId = next;
    events = services.follow({ jobId, signal, ...from, ...given({ streams, heartbeatMs }) });
  };
  const begin = async (): Promise<void> => {
    isFirst = false;
    if (position !== null) {
      jobId = position.jobId;
      const isOurs = await services.read.job.count({ where: { id: jobId, serviceId: id } });
      if (isOurs > 0) followJob(jobId, { after: position.seq });
      return;
    }
    const newest = await services.read.job.findFirst({
      where: { serviceId: id },
      select: { id: true },
      orderBy: { id: 'desc' },
    });
    if (newest !== null) followJob(newest.id, given({ tail }));
  };
  const goOn = async (): Promise<void> => {
    const next = await services.read.job.findFirst({
      where: { serviceId: id, id: { gt: jobId } },
      select: { id: true },
      orderBy: { id: 'asc' },
    });
    if (next !== null) followJob(next.id, {});
  };

  return new PayloadSource<JobLogPayload>({
    signal,
    release: () => {
      void changes.return();
      void events?.return();
    },
    pull: async () => {
      for (;;) {
        if (isFirst) await begin();
        if (events !== null) {
          const event = await events.next();
          if (event.done !== true) return { done: false, value: payloadOf(jobId, event.value) };
          events = null;
        }
        if ((await changes.next()).done === true) return { done: true, value: undefined };
        if (services.serviceSupervisor.services.get(name)?.id !== id) throw new ServiceNotFoundError(name);
        await goOn();
      }
    },
  });
}

/** A cursor is a job and a seq in its log: `17:203`. */
function parsePosition(text: string): Position {
  const [, job = '', seq = ''] = /^(\d{1,15}):(\d{1,15})$/.exec(text) ?? [];
  const jobId = job === '0' ? 0 : parseJobId(job);
  if (jobId === undefined || seq === '')
    throw new InvalidInputError(
      'after is a job and a seq of its log, such as 17:203; 0:0 is the beginning.',
      'after',
    );
  return { jobId, seq: Number(seq) };
}
