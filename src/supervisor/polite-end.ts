import type { JobSignal } from '../domain/job-signal.ts';
import type { ProcessEntry } from './process-table.ts';
import type { StopCommand } from './stop-command.ts';

/** How the processes of one job are asked to end, before they are killed. */
export interface PoliteEnd {
  /** With which signal, as it stands; `null` where none is to be sent now. */
  signal(): NodeJS.Signals | null;
  /** What is run to that end; `null` where nothing is, or not yet. Not owned. */
  readonly stopCommand: StopCommand | null;
}

/** What a program has left behind is asked by SIGTERM, whatever the polite signal of the program is. */
export const BY_TERM: PoliteEnd = Object.freeze({ signal: () => 'SIGTERM', stopCommand: null });

/**
 * While its program lives, a job is ended by its stop signal, or by its stop command, or by that signal where the command
 * has failed; what is left when the program has gone is asked by SIGTERM.
 */
export function politeEnd(
  stopSignal: JobSignal,
  stopCommand: StopCommand | null,
  programIsAlive: () => boolean,
): PoliteEnd {
  return {
    signal: () => {
      if (!programIsAlive()) return 'SIGTERM';
      return stopCommand?.isEnough === true ? null : stopSignal;
    },
    stopCommand,
  };
}

/** Whether a process of the picture is of the stop command alone. */
export function isOfStopCommand({ stopCommand }: PoliteEnd, entry: ProcessEntry): boolean {
  return stopCommand?.holds(entry) === true;
}
