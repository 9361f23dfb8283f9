import { statSync } from 'node:fs';
import { LOG_STREAMS } from '../domain/log-line.ts';
import { syncFile } from '../storage/durable-file.ts';
import type { JobDirectory } from '../storage/job-directory.ts';

/** What is more than this takes its time, and a thread of the few that read files, too. */
const LARGE_BYTES = 4 * 1024 * 1024;

/**
 * Brings the logs of jobs that end to the disk, so that an end that was told has all its lines after a loss of the machine, too. Large
 * ones one after the other, lest they hold up everybody who reads.
 */
export class LogSettler {
  #turn: Promise<void> = Promise.resolve();

  /** Resolves when nothing of the log can be lost. @throws errors of the file system; a file that is missing is none */
  async settle(directory: JobDirectory): Promise<void> {
    const paths = [directory.indexPath, ...LOG_STREAMS.map((stream) => directory.logPath(stream))];
    const sizes = paths.map((path) => statSync(path, { throwIfNoEntry: false })?.size ?? 0);
    const written = paths.filter((_, index) => (sizes[index] ?? 0) > 0);
    if (Math.max(...sizes) <= LARGE_BYTES) {
      await Promise.all(written.map(syncUnlessGone));
      return;
    }
    const turn = this.#turn.then(async () => {
      for (const path of written) await syncUnlessGone(path);
    });
    this.#turn = turn.catch(() => undefined);
    await turn;
  }
}

async function syncUnlessGone(path: string): Promise<void> {
  try {
    await syncFile(path);
  } catch (error) {
    // Gone, or a link that somebody put in its place.
    if (!['ENOENT', 'ELOOP', 'ENXIO'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
  }
}
