import { basename } from 'node:path';
import type { PassCheckpoint } from '../domain/checkpoint.ts';
import { DirectoryWatch } from '../logs/directory-watch.ts';
import type { LogAnomaly } from '../logs/errors.ts';
import type { ChannelGuard } from '../logs/log-event-bus.ts';
import type { LoopShare } from '../logs/loop-share.ts';
import { Tailer, type TailerOptions } from '../logs/tailer.ts';
import type { JobDirectory } from '../storage/job-directory.ts';

/** Guard of all that follows the files of an active job: one watch of its directory serves the log files and the exit record. */
export interface JobLogs extends Disposable {
  /** Everything that was written is numbered when this resolves; at once where there is no log to go on with. @throws LogDrainFailedError */
  drained(): Promise<void>;
}

/**
 * A log that cannot be gone on with is told as an anomaly: its job runs on without one.
 * @param resumed whether the log may have grown while no server was there
 * @param on.exitRecord called when the exit record may have changed
 * @param on.anomaly called when something is wrong with the files, once for each kind
 * @param share borrowed; of all jobs of the server
 */
export function openJobLogs(
  directory: JobDirectory,
  channel: ChannelGuard,
  resumed: boolean,
  on: {
    readonly exitRecord: () => void;
    readonly anomaly: (anomaly: LogAnomaly) => void;
    readonly pass: PassCheckpoint;
  },
  share: LoopShare,
): JobLogs {
  const indexName = basename(directory.indexPath);
  const tailer = openTailer({ directory, channel, resumed, onAnomaly: on.anomaly, pass: on.pass, share });
  try {
    const watch = new DirectoryWatch(directory.path, (fileName) => {
      // The tailer's own writing: each of its turns would be the reason for another.
      if (fileName === indexName) return;
      tailer?.poke();
      if (fileName === null || fileName === 'exit') on.exitRecord();
    });
    tailer?.poke();
    return {
      drained: async () => {
        await tailer?.drain();
      },
      [Symbol.dispose]: () => {
        watch[Symbol.dispose]();
        tailer?.[Symbol.dispose]();
      },
    };
  } catch (error) {
    tailer?.[Symbol.dispose]();
    throw error;
  }
}

/** @throws for a job that has not begun: nothing is lost by not starting it */
function openTailer(
  options: TailerOptions & { readonly onAnomaly: (anomaly: LogAnomaly) => void },
): Tailer | undefined {
  try {
    return new Tailer(options);
  } catch (error) {
    if (!options.resumed) throw error;
    options.onAnomaly({ kind: 'UNAVAILABLE', error });
    return undefined;
  }
}
