/** The signals that somebody may send to a job. */
export const JOB_SIGNALS = [
  'SIGHUP',
  'SIGINT',
  'SIGQUIT',
  'SIGTERM',
  'SIGKILL',
  'SIGUSR1',
  'SIGUSR2',
  'SIGSTOP',
  'SIGCONT',
  'SIGWINCH',
] as const;
export type JobSignal = (typeof JOB_SIGNALS)[number];

/** Those of them that ask nobody to end. */
const NO_STOP_SIGNALS: readonly JobSignal[] = ['SIGKILL', 'SIGSTOP', 'SIGCONT', 'SIGWINCH'];

/** Whether a job can be ended politely with it. */
export function isStopSignal(signal: JobSignal): boolean {
  return !NO_STOP_SIGNALS.includes(signal);
}
