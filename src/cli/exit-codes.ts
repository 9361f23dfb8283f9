import type { Job } from '../client/client.ts';

/** Exit codes of the command, beside a job's own. As those of env(1) and timeout(1), where they have one. */
export const EXIT = {
  OK: 0,
  /** The job's timeout had passed. */
  TIMED_OUT: 124,
  /** Lifeline itself failed: no server, a refusal, a wrong option, an outcome that nobody knows. */
  LIFELINE_FAILED: 125,
  /** The program was found and could not be launched. */
  LAUNCH_FAILED: 126,
  /** There is no such program. */
  COMMAND_NOT_FOUND: 127,
  /** Ctrl-C: 128 + SIGINT. */
  INTERRUPTED: 130,
  /** Whoever read the output is gone: 128 + SIGPIPE, as if the signal had ended us. */
  OUTPUT_CLOSED: 141,
  /** Ended on request: 128 + SIGTERM. */
  TERMINATED: 143,
} as const;

/**
 * What `lifeline run` ends with: the job's own exit code (128 + n after signal n), where the job ended by itself.
 * @param interruptedBy the signal by which the user asked this command for the end of the job, if any
 */
export function exitCodeOf(
  { status, reason, exitCode }: Pick<Job, 'status' | 'reason' | 'exitCode'>,
  interruptedBy?: 'SIGINT' | 'SIGTERM',
): number {
  switch (status) {
    case 'SUCCEEDED':
      return EXIT.OK;
    case 'FAILED':
      return exitCode ?? (reason === 'LAUNCH_FAILED' ? EXIT.LAUNCH_FAILED : EXIT.LIFELINE_FAILED);
    case 'TIMED_OUT':
      return EXIT.TIMED_OUT;
    case 'CANCELLED':
      if (interruptedBy === 'SIGINT') return EXIT.INTERRUPTED;
      if (interruptedBy === 'SIGTERM') return EXIT.TERMINATED;
      // A program that ends with 0 when it is told to end has not done its work.
      return exitCode === null || exitCode === 0 ? EXIT.TERMINATED : exitCode;
    default:
      return EXIT.LIFELINE_FAILED;
  }
}
