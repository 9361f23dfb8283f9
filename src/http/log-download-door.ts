import { InvalidInputError } from '../domain/errors.ts';
import type { LogStream } from '../domain/log-line.ts';
import type { Services } from '../graphql/services.ts';
import type { Door } from './exchange.ts';
import { jobIdFrom } from '../domain/written-job-id.ts';
import { requireJob } from './job-parameter.ts';
import { MERGED_FORMATS, sendMergedLog } from './merged-log.ts';
import { sendRawLog } from './raw-log.ts';

const STREAMS: ReadonlyMap<string, LogStream> = new Map([
  ['stdout', 'STDOUT'],
  ['stderr', 'STDERR'],
]);

/** `GET /jobs/N/log`: with `stream=stdout|stderr` its raw bytes, with ranges; without, both merged, `format=text|jsonl`. */
export function logDownloadDoor(services: Services): Door {
  return async (exchange) => {
    const { pathValue = '', url } = exchange;
    const jobId = jobIdFrom(pathValue);
    const streamName = url.searchParams.get('stream');
    const formatName = url.searchParams.get('format');
    if (streamName === null) {
      const format = MERGED_FORMATS.find((name) => name === (formatName ?? 'text'));
      if (format === undefined) throw new InvalidInputError('format is text or jsonl.', 'format');
      await requireJob(services, jobId);
      // Before anything is sent: an answer that has begun could not say why it ends.
      services.masks.of(services.jobDirectory(jobId));
      using reader = await services.openLog(jobId);
      const isGone = async (): Promise<boolean> => (await services.jobs.findJob(jobId)) === null;
      await sendMergedLog({ jobId, reader, format, isGone }, exchange);
      return;
    }
    const stream = STREAMS.get(streamName);
    if (stream === undefined) throw new InvalidInputError('stream is stdout or stderr.', 'stream');
    if (formatName !== null) {
      throw new InvalidInputError(
        'format is for the merged log; one stream is given as raw bytes.',
        'format',
      );
    }
    await requireJob(services, jobId);
    const directory = services.jobDirectory(jobId);
    await sendRawLog({ directory, stream, mask: services.masks.of(directory) }, exchange);
  };
}
