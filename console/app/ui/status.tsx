import type { JobStatus, ServiceState } from '../generated/graphql.ts';

export type Tone = 'good' | 'bad' | 'busy' | 'wait' | 'calm' | 'warn';

const JOB_TONES: Readonly<Record<JobStatus, Tone>> = {
  QUEUED: 'wait',
  STARTING: 'busy',
  RUNNING: 'busy',
  CANCELLING: 'warn',
  SUCCEEDED: 'good',
  FAILED: 'bad',
  CANCELLED: 'calm',
  TIMED_OUT: 'bad',
  LOST: 'bad',
};

const SERVICE_TONES: Readonly<Record<ServiceState, Tone>> = {
  BACKOFF: 'warn',
  FAILED: 'bad',
  GAVE_UP: 'bad',
  READY: 'good',
  RUNNING: 'busy',
  SCHEDULED: 'busy',
  STARTING: 'busy',
  STOPPED: 'calm',
  STOPPING: 'warn',
  SUCCEEDED: 'good',
  WAITING: 'wait',
};

const FINAL: ReadonlySet<JobStatus> = new Set(['SUCCEEDED', 'FAILED', 'CANCELLED', 'TIMED_OUT', 'LOST']);

export function isFinal(status: JobStatus): boolean {
  return FINAL.has(status);
}

export function toneOf(status: JobStatus): Tone {
  return JOB_TONES[status];
}

export function toneOfService(state: ServiceState): Tone {
  return SERVICE_TONES[state];
}

/** Words of the schema for people: `TIMED_OUT` becomes `Timed out`. */
export function inWords(name: string): string {
  const text = name.toLowerCase().replaceAll('_', ' ');
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}

export function Pill({ tone, text }: { readonly tone: Tone; readonly text: string }) {
  return (
    <span className={`pill ${tone}`}>
      <span className="dot" aria-hidden="true" />
      {text}
    </span>
  );
}

export function JobPill({ status }: { readonly status: JobStatus }) {
  return <Pill tone={toneOf(status)} text={inWords(status)} />;
}
