import { DirectoryWatch } from '../logs/directory-watch.ts';
import type { ChannelGuard } from '../logs/log-event-bus.ts';
import { Tailer } from '../logs/tailer.ts';
import type { JobDirectory } from '../storage/job-directory.ts';

/** Guard of all that follows the files of an active job: one watch of its directory serves the log files and the exit record. */
export interface JobLogs extends Disposable {
  readonly tailer: Tailer;
}

/**
 * @param resumed whether the log may have grown while no server was there
 * @param onExitRecord called when the exit record may have changed
 */
export function openJobLogs(
  directory: JobDirectory,
  channel: ChannelGuard,
  resumed: boolean,
  onExitRecord: () => void,
): JobLogs {
  const tailer = new Tailer({ directory, channel, resumed });
  try {
    const watch = new DirectoryWatch(directory.path, (fileName) => {
      tailer.poke();
      if (fileName === null || fileName === 'exit') onExitRecord();
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
