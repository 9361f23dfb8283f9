import type { ProbeEntry } from '../schema.ts';
import { looseCount, looseMapping, looseText, type Loose } from './loose-values.ts';

/** What a probe of process-compose is told with. */
export interface ProbeContext {
  /** The argv that runs a command line. */
  readonly shell: (commandLine: string) => string[];
  /** Fills variables in; tells of those it does not know. */
  readonly filled: (text: string, key: string) => string;
  readonly note: (key: string, why: string) => void;
}

const KNOWN = [
  'exec',
  'http_get',
  'initial_delay_seconds',
  'period_seconds',
  'timeout_seconds',
  'success_threshold',
  'failure_threshold',
];

/** A readiness_probe or liveness_probe of process-compose; `undefined` where nothing of it can be kept. */
export function importProbe(key: string, probe: Loose, context: ProbeContext): ProbeEntry | undefined {
  for (const other of Object.keys(probe).filter((name) => !KNOWN.includes(name))) {
    context.note(`${key}.${other}`, 'is not known');
  }
  const action = importAction(key, probe, context);
  if (action === undefined) return undefined;
  const seconds = (name: string): string | undefined => {
    const count = looseCount(probe[name]);
    return count === undefined || count === 0 ? undefined : `${count}s`;
  };
  const [initialDelay, period, timeout] = [
    seconds('initial_delay_seconds'),
    seconds('period_seconds'),
    seconds('timeout_seconds'),
  ];
  const failureThreshold = looseCount(probe['failure_threshold']);
  const successThreshold = looseCount(probe['success_threshold']);
  return {
    ...action,
    ...(initialDelay !== undefined && { initialDelay }),
    ...(period !== undefined && { period }),
    ...(timeout !== undefined && { timeout }),
    ...(failureThreshold !== undefined && failureThreshold > 0 && { failureThreshold }),
    ...(successThreshold !== undefined && successThreshold > 0 && { successThreshold }),
  };
}

function importAction(key: string, probe: Loose, context: ProbeContext): ProbeEntry | undefined {
  const exec = looseMapping(probe['exec']);
  const command = looseText(exec?.['command']);
  if (command !== undefined) {
    if (exec?.['working_dir'] !== undefined) {
      context.note(`${key}.exec.working_dir`, 'it runs in the working directory of the service');
    }
    return { exec: context.shell(context.filled(command, `${key}.exec.command`)) };
  }
  const http = looseMapping(probe['http_get']);
  if (http !== undefined) return importHttp(`${key}.http_get`, http, context);
  context.note(key, 'has neither exec.command nor http_get, and is left out');
  return undefined;
}

function importHttp(key: string, http: Loose, context: ProbeContext): ProbeEntry | undefined {
  const part = (name: string, otherwise: string): string => {
    const text = looseText(http[name])?.trim() ?? '';
    return text === '' ? otherwise : context.filled(text, `${key}.${name}`);
  };
  const port = part('port', '');
  const path = part('path', '/');
  const url = `${part('scheme', 'http').toLowerCase()}://${part('host', '127.0.0.1')}${port === '' ? '' : `:${port}`}${path}`;
  if (http['headers'] !== undefined) context.note(`${key}.headers`, 'a probe sends no headers of yours');
  if (!/^https?:/.test(url) || !URL.canParse(url)) {
    context.note(key, `${url} is no URL, and is left out`);
    return undefined;
  }
  return { http: url, status: looseCount(http['status_code']) ?? 200 };
}
