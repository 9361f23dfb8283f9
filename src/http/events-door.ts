import { InvalidInputError } from '../domain/errors.ts';
import type { JobId } from '../domain/job-id.ts';
import type { FaultLog } from '../graphql/errors.ts';
import type { Services } from '../graphql/services.ts';
import { holdStreamPlace } from '../graphql/stream-places.ts';
import type { FollowEvent, FollowIterator } from '../logs/follow.ts';
import { beginEventStream, PING_MS } from './event-stream.ts';
import type { Door, Exchange } from './exchange.ts';
import { reportFault } from './failure.ts';
import { jobIdFrom } from '../domain/written-job-id.ts';
import { lineEvents } from './line-events.ts';
import { requireJob } from './job-parameter.ts';
import { Refusal } from './refusal.ts';
import { writeChunk } from './write-chunk.ts';

/** What clients are told to wait before they come back. */
const RETRY_MS = 1_000;

/**
 * `GET /events?job_id=N`: a job's log for `EventSource` and `curl -N` (HTML standard, 9.2). Events `log.line` with the
 * seq as id, `log.gap`, and one `log.done` with the id `<lastSeq>/done`.
 *
 * With a cursor (`Last-Event-ID`, which an EventSource sends by itself, before `after=`) it replays and goes on; without
 * one it is live only. A client that comes back after the end is answered 204, which stops an EventSource.
 */
export function eventsDoor(services: Services, log: FaultLog): Door {
  return async (exchange) => {
    const { req, res, url, signal, tokenId } = exchange;
    const written = url.searchParams.get('job_id');
    if (written === null) throw new InvalidInputError('Name the job: /events?job_id=1.', 'job_id');
    const lastEventId = req.headersDistinct['last-event-id']?.[0]?.trim();
    if (lastEventId?.endsWith('/done') === true) {
      res.writeHead(204).end();
      return;
    }
    holdStreamPlace(services.streams, tokenId, signal);
    const cursor = lastEventId ?? url.searchParams.get('after') ?? undefined;
    const events =
      cursor === undefined
        ? followLive(services, written, signal)
        : await followFrom(services, jobIdFrom(written), seqFrom(cursor), signal);
    await send(services, log, events, exchange);
  };
}

interface Following {
  readonly jobId: JobId;
  readonly events: FollowIterator;
}

function followLive(services: Services, written: string, signal: AbortSignal): Following {
  const jobId = /^[1-9]\d*$/.test(written) ? jobIdFrom(written) : undefined;
  if (jobId === undefined || !services.bus.isOpen(jobId)) {
    throw new Refusal(404, 'JOB_NOT_FOUND', `no active log stream for job ${written}`);
  }
  // In one turn, so that nothing is published between: after the last line of this moment.
  using now = services.bus.subscribe(jobId);
  return { jobId, events: services.follow({ jobId, after: now.lastSeq, heartbeatMs: PING_MS, signal }) };
}

async function followFrom(
  services: Services,
  jobId: JobId,
  after: number,
  signal: AbortSignal,
): Promise<Following> {
  const events = services.follow({ jobId, after, heartbeatMs: PING_MS, signal });
  try {
    await requireJob(services, jobId);
    return { jobId, events };
  } catch (error) {
    await events.return();
    throw error;
  }
}

function seqFrom(cursor: string): number {
  const seq = /^\d{1,16}$/.test(cursor) ? Number(cursor) : Number.NaN;
  if (!Number.isSafeInteger(seq)) {
    throw new InvalidInputError('A cursor is the seq of a line, or 0 for the beginning.', 'after');
  }
  return seq;
}

async function send(
  services: Services,
  log: FaultLog,
  { jobId, events }: Following,
  { res, signal, streams }: Exchange,
): Promise<void> {
  try {
    if (signal.aborted) return;
    beginEventStream(res, streams);
    if (!(await writeChunk(res, `retry: ${String(RETRY_MS)}\n\n`, signal))) return;
    for (;;) {
      const { done, value } = await events.next();
      if (done === true) return;
      const chunks =
        value.type === 'lines'
          ? value.batches.flatMap((batch) => lineEvents(jobId, batch))
          : [await written(services, jobId, value)];
      for (const chunk of chunks) if (!(await writeChunk(res, chunk, signal))) return;
    }
  } catch (error) {
    if (!signal.aborted)
      await writeChunk(
        res,
        writeEvent('log.error', undefined, { code: 'INTERNAL', ...reportFault(error, log) }),
        signal,
      );
  } finally {
    await events.return();
    if (signal.aborted) res.destroy();
    else res.end();
  }
}

async function written(services: Services, jobId: JobId, event: FollowEvent): Promise<string | Uint8Array> {
  switch (event.type) {
    case 'lines':
      return Buffer.concat(event.batches.flatMap((batch) => lineEvents(jobId, batch)));
    case 'gap': {
      const { fromSeq, toSeq, reason } = event;
      return writeEvent('log.gap', String(toSeq), {
        job_id: jobId,
        from_seq: fromSeq,
        to_seq: toSeq,
        reason,
      });
    }
    case 'heartbeat':
      return ': ping\n\n';
    case 'done': {
      const { status, exitCode, signal, reason } = await requireJob(services, jobId);
      return writeEvent('log.done', `${String(event.lastSeq)}/done`, {
        job_id: jobId,
        status,
        exit_code: exitCode,
        signal,
        reason,
        last_seq: event.lastSeq,
      });
    }
  }
}

/** JSON keeps every line end of the data escaped, so one `data:` line is enough. */
function writeEvent(name: string, id: string | undefined, data: Readonly<Record<string, unknown>>): string {
  return `event: ${name}\n${id === undefined ? '' : `id: ${id}\n`}data: ${JSON.stringify(data)}\n\n`;
}
