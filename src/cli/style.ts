import { styleText } from 'node:util';
import type { JobStatus, ServiceState } from '../client/client.ts';
import type { OutputStream } from './output-stream.ts';

type Format = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan' | 'magenta';

const STATUS_FORMAT: Readonly<Record<JobStatus, Format>> = {
  QUEUED: 'dim',
  STARTING: 'cyan',
  RUNNING: 'cyan',
  CANCELLING: 'yellow',
  SUCCEEDED: 'green',
  FAILED: 'red',
  CANCELLED: 'yellow',
  TIMED_OUT: 'red',
  LOST: 'magenta',
};

/** Text in a colour or weight, where the output has them. */
export function styled(output: OutputStream, format: Format, text: string): string {
  // Whether it has colours is decided once, for all of the output: not here again.
  return output.hasColours ? styleText(format, text, { validateStream: false }) : text;
}

/** A status in its colour. */
export function styledStatus(output: OutputStream, status: JobStatus): string {
  return styled(output, STATUS_FORMAT[status], status);
}

const STATE_FORMAT: Readonly<Record<ServiceState, Format>> = {
  STOPPED: 'dim',
  WAITING: 'dim',
  STARTING: 'cyan',
  RUNNING: 'cyan',
  READY: 'green',
  STOPPING: 'yellow',
  BACKOFF: 'yellow',
  SUCCEEDED: 'green',
  FAILED: 'red',
  GAVE_UP: 'red',
  SCHEDULED: 'cyan',
};

/** What is seen of a service, in its colour. */
export function styledState(output: OutputStream, state: ServiceState): string {
  return styled(output, STATE_FORMAT[state], state);
}
