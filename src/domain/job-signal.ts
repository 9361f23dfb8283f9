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
