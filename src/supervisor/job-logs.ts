import type { PassCheckpoint } from '../domain/checkpoint.ts';
import { DirectoryWatch } from '../logs/directory-watch.ts';
import type { LogAnomaly } from '../logs/errors.ts';
import type { ChannelGuard } from '../logs/log-event-bus.ts';
import { Tailer } from '../logs/tailer.ts';
import type { JobDirectory } from '../storage/job-directory.ts';

/** Guard of all that follows the files of an active job: one watch of its directory serves the log files and the exit record. */
export interface JobLogs extends Disposable {
  readonly tailer: Tailer;
}

/**
 * @param resumed whether the log may have grown while no server was there
 * @param on.exitRecord called when the exit record may have changed
 * @param on.anomaly called when something is wrong with the files, once for each kind
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
): JobLogs {
  const tailer = new Tailer({ directory, channel, resumed, onAnomaly: on.anomaly, pass: on.pass });
  try {
    const watch = new DirectoryWatch(directory.path, (fileName) => {
      tailer.poke();
      if (fileName === null || fileName === 'exit') on.exitRecord();
    });
    tailer.poke();
    return {
      tailer,
      [Symbol.dispose]: () => {
        watch[Symbol.dispose]();
        tailer[Symbol.dispose]();
      },
    };
  } catch (error) {
    tailer[Symbol.dispose]();
    throw error;
  }
}
