import type { EnvInput, JobRowFragment } from '../generated/graphql.ts';
import { commandText } from '../ui/format.ts';
import { wordsOf } from '../ui/words.ts';

/** What stands in the fields of the start dialog. */
export interface JobForm {
  readonly kind: 'command' | 'script';
  readonly command: string;
  readonly script: string;
  readonly cwd: string;
  /** Lines of NAME=value. */
  readonly env: string;
  readonly timeoutSeconds: string;
  /** Words with commas between them. */
  readonly labels: string;
}

export const EMPTY_FORM: JobForm = {
  kind: 'command',
  command: '',
  script: '',
  cwd: '',
  env: '',
  timeoutSeconds: '',
  labels: '',
};

export interface FormerJob extends Pick<JobRowFragment, 'id' | 'command' | 'script' | 'cwd' | 'labels'> {
  readonly env?: readonly EnvInput[];
  readonly timeoutMs?: number | null;
}

export function formOf({ script, command, cwd, labels, env = [], timeoutMs = null }: FormerJob): JobForm {
  return {
    kind: script === null ? 'command' : 'script',
    command: script === null ? commandText(command) : '',
    script: script ?? '',
    cwd,
    env: env.map(({ name, value }) => `${name}=${value}`).join('\n'),
    timeoutSeconds: timeoutMs === null ? '' : String(timeoutMs / 1000),
    labels: labels.join(', '),
  };
}

/** What the form asks for: as input for a new job, and as changes for a rerun. */
export interface FormRequest {
  readonly command?: string[];
  readonly script?: string;
  readonly cwd?: string;
  readonly env?: EnvInput[];
  readonly timeoutMs?: number;
  readonly labels?: string[];
  readonly requestId: string;
}

/** @param requestId the same for each try of one form: a repeat after a lost answer starts nothing a second time */
export function requestOf(form: JobForm, requestId: string): FormRequest {
  const seconds = Number(form.timeoutSeconds);
  return {
    ...(form.kind === 'command' ? { command: wordsOf(form.command) } : { script: form.script }),
    ...(form.cwd.trim() !== '' && { cwd: form.cwd.trim() }),
    env: envOf(form.env),
    ...(form.timeoutSeconds.trim() !== '' && { timeoutMs: Math.round(seconds * 1000) }),
    labels: form.labels
      .split(',')
      .map((label) => label.trim())
      .filter((label) => label !== ''),
    requestId,
  };
}

function envOf(text: string): EnvInput[] {
  return text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => {
      const place = line.indexOf('=');
      return place < 0
        ? { name: line.trim(), value: '' }
        : { name: line.slice(0, place).trim(), value: line.slice(place + 1) };
    });
}

/** Not `randomUUID`: browsers have that for HTTPS and localhost alone. */
export function newRequestId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return `console-${[...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('')}`;
}
