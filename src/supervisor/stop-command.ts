import type { StopCommandReport } from '../domain/stop-command-report.ts';
import type { JobDirectory } from '../storage/job-directory.ts';
import { readStopCommand, writeStopCommandBegun, writeStopCommandEnd } from '../storage/stop-command-file.ts';
import { Errand, type ErrandPlace } from './errand.ts';
import type { ProcessEntry } from './process-table.ts';

export interface StopCommandOptions {
  /** The argv. */
  readonly command: readonly string[];
  readonly place: ErrandPlace;
  /** Where it is on file that it has begun. */
  readonly directory: JobDirectory;
  /** Aborts when the server lets go of its jobs: it is killed then. */
  readonly released: AbortSignal;
  /** Called once, when it has ended. */
  readonly onEnd: () => void;
}

/**
 * The program that is run, once in the life of a job, to end it politely. States: begun → ended, by itself or killed.
 *
 * That it begins is on file before it does. A server that finds it there does not run it again: where its end is not on
 * file, too, it counts as failed.
 */
export class StopCommand implements Disposable {
  readonly #options: StopCommandOptions;
  readonly #errand: Errand | null;
  readonly #onRelease = (): void => this.#kill('The server stopped while it ran, so it was killed.');
  #report: StopCommandReport;

  /** Runs it, unless it has begun before. */
  constructor(options: StopCommandOptions) {
    this.#options = options;
    const { directory, command, place, released } = options;
    const former = readStopCommand(directory);
    this.#report = former ?? { startedAtMs: Date.now(), finishedAtMs: null, exitCode: null, message: null };
    this.#errand = former === null && this.#isOnFile() ? new Errand(command, place) : null;
    if (this.#errand === null) {
      if (former !== null && former.finishedAtMs === null)
        this.#report = { ...former, message: 'A server ended while it ran; it was not run again.' };
      return;
    }
    released.addEventListener('abort', this.#onRelease, { once: true });
    void this.#errand.ended.then(({ exitCode, message }) => {
      this.#end(exitCode, message);
    });
  }

  get report(): StopCommandReport {
    return this.#report;
  }

  get isRunning(): boolean {
    return this.#errand !== null && this.#report.message === null;
  }

  /** Whether it has taken the place of the polite signal: it is at it, or has done its work. */
  get isEnough(): boolean {
    return this.isRunning || this.#report.exitCode === 0;
  }

  /** Whether a process is of the stop command, not of the job: after its end, what has left it counts as the job's. */
  holds({ pid, sessionId }: ProcessEntry): boolean {
    return (this.isRunning ? sessionId : pid) === this.#errand?.pid;
  }

  /** The grace period is over: what runs of it is killed with its group. */
  [Symbol.dispose](): void {
    this.#kill('It had not ended when the grace period was over, so it was killed.');
  }

  #kill(message: string): void {
    if (!this.isRunning) return;
    this.#end(null, message);
    this.#errand?.[Symbol.dispose]();
  }

  #end(exitCode: number | null, message: string): void {
    if (!this.isRunning) return;
    const { directory, released, onEnd } = this.#options;
    released.removeEventListener('abort', this.#onRelease);
    this.#report = { ...this.#report, finishedAtMs: Date.now(), exitCode, message };
    try {
      writeStopCommandEnd(directory, this.#report);
    } catch {
      // A full disk: a next server takes it for one whose end was not seen.
    }
    onEnd();
  }

  #isOnFile(): boolean {
    try {
      writeStopCommandBegun(this.#options.directory, this.#report);
      return true;
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code ?? 'unknown error';
      this.#report = {
        ...this.#report,
        message: `It could not be run, since that could not be put on file (${code}).`,
      };
      return false;
    }
  }
}
