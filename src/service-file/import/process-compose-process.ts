import { exactDuration } from '../../domain/duration.ts';
import type { JobSignal } from '../../domain/job-signal.ts';
import type { ScheduleEntry, ServiceEntry } from '../schema.ts';
import { goDurationMs, looseCount, looseMapping, looseText, type Loose } from './loose-values.ts';
import { importProbe, type ProbeContext } from './process-compose-probe.ts';

/** What the file says for all processes. */
export interface Project {
  readonly names: ReadonlyMap<string, string>;
  readonly environment: Readonly<Record<string, string>>;
  readonly vars: Loose;
  readonly shell: readonly [string, string];
  /** Whether `$$` stands for `$`, and `$NAME` was filled in when the file was read. */
  readonly expands: boolean;
}

const SIGNALS: Readonly<Record<number, JobSignal>> = {
  1: 'SIGHUP',
  2: 'SIGINT',
  3: 'SIGQUIT',
  9: 'SIGKILL',
  10: 'SIGUSR1',
  12: 'SIGUSR2',
  15: 'SIGTERM',
};

const CONDITIONS = {
  process_started: 'started',
  process_healthy: 'ready',
  process_log_ready: 'ready',
  process_completed_successfully: 'succeeded',
  process_completed: 'succeeded',
} as const;

const PROCESS_NOTES: Readonly<Record<string, string>> = {
  log_location: 'the log of each job is kept by Lifeline; see lifeline logs',
  log_configuration: 'the log of each job is kept by Lifeline as it was written',
  disable_ansi_colors: 'a log is kept as it was written; colours are left out where there is no terminal',
  is_daemon: 'what goes into the background has ended; run the program in the foreground',
  is_foreground: 'there is no terminal; it is imported as down',
  is_tty: 'there is no terminal',
  is_elevated: 'it runs as the user that jobs run as',
};

/** One process of process-compose on its way to a service. Each of its methods does one part, and tells what it leaves out. */
export class ProcessImport {
  readonly #project: Project;
  readonly #process: Loose;
  readonly #note: ProbeContext['note'];
  readonly #environment: Readonly<Record<string, string>>;

  constructor(project: Project, process: Loose, note: ProbeContext['note']) {
    this.#project = project;
    this.#process = process;
    this.#note = note;
    this.#environment = { ...project.environment, ...environmentIn(process['environment']) };
  }

  /** `undefined` where there is nothing to run. */
  entry(): ServiceEntry | undefined {
    const process = this.#process;
    const command = this.#command();
    if (command === undefined) {
      this.#note('command', 'is missing, and so is the service');
      return undefined;
    }
    const description = looseText(process['description']);
    const namespace = looseText(process['namespace']);
    const directory = looseText(process['working_dir']);
    const names = Object.keys(this.#environment);
    const isDown = process['disabled'] === true || process['is_foreground'] === true;
    this.#otherNotes();
    return {
      ...(description !== undefined && { description: this.#filled(description, 'description') }),
      ...command,
      ...(directory !== undefined && directory !== '' && { cwd: this.#filled(directory, 'working_dir') }),
      ...(names.length > 0 && { env: this.#environment }),
      ...(namespace !== undefined && namespace !== 'default' && { labels: [namespace] }),
      ...this.#shutdown(),
      ...this.#restart(),
      ...this.#probes(),
      ...this.#after(),
      ...this.#schedule(),
      ...(isDown && { desired: 'down' as const }),
    };
  }

  #command(): Pick<ServiceEntry, 'command' | 'script'> | undefined {
    const line = looseText(this.#process['command']);
    const given: unknown = this.#process['entrypoint'];
    const entrypoint = Array.isArray(given) ? given.map((word) => looseText(word) ?? '') : [];
    if (line === undefined || line === '') return entrypoint.length > 0 ? { command: entrypoint } : undefined;
    const filled = this.#filled(line, 'command');
    if (entrypoint.length > 0) return { command: [...entrypoint, filled] };
    const [shell, argument] = this.#project.shell;
    return shell === 'sh' && argument === '-c' ? { script: filled } : { command: this.#shell(filled) };
  }

  #shell(commandLine: string): string[] {
    return [...this.#project.shell, commandLine];
  }

  /** Variables of the file are put in; what came from outside is told. */
  #filled(text: string, key: string): string {
    const vars = { ...this.#project.vars, ...looseMapping(this.#process['vars']) };
    const replaced = text.replaceAll(/\{\{\s*\.(\w+)\s*\}\}/g, (whole, name: string) =>
      Object.hasOwn(vars, name) ? (looseText(vars[name]) ?? whole) : whole,
    );
    if (replaced.includes('{{')) this.#note(key, 'has a template ({{…}}), which stays as it is');
    if (!this.#project.expands) return replaced;
    const outside = new Set(
      [...replaced.matchAll(/(?<!\$)\$\{?([A-Za-z_]\w*)/g)].flatMap(([, name]) =>
        name === undefined || Object.hasOwn(this.#environment, name) ? [] : [name],
      ),
    );
    for (const name of outside) {
      this.#note(key, `$${name} came from the environment of process-compose or .env; put it into env`);
    }
    return replaced.replaceAll('$$', () => '$');
  }

  #shutdown(): Pick<ServiceEntry, 'gracePeriod' | 'stopSignal' | 'stopCommand'> {
    const shutdown = looseMapping(this.#process['shutdown']);
    if (shutdown === undefined) return {};
    const { command, timeout_seconds: timeout, signal, parent_only: parentOnly, ...rest } = shutdown;
    for (const key of Object.keys(rest)) this.#note(`shutdown.${key}`, 'is not known');
    if (parentOnly === true || parentOnly === 'yes') {
      this.#note('shutdown.parent_only', 'the signal goes to the group of the program');
    }
    const seconds = looseCount(timeout);
    const line = looseText(command);
    const number = looseCount(signal);
    const stopSignal = number === undefined ? undefined : SIGNALS[number];
    if (line === undefined && number !== undefined && stopSignal === undefined) {
      this.#note('shutdown.signal', `there is no polite signal ${number}; it is SIGTERM`);
    }
    return {
      ...(seconds !== undefined && seconds > 0 && { gracePeriod: `${seconds}s` }),
      ...(line !== undefined && line !== ''
        ? { stopCommand: this.#shell(this.#filled(line, 'shutdown.command')) }
        : stopSignal !== undefined && stopSignal !== 'SIGTERM' && { stopSignal }),
    };
  }

  #restart(): Pick<ServiceEntry, 'restart'> {
    const availability = looseMapping(this.#process['availability']) ?? {};
    const {
      restart,
      backoff_seconds: backoff,
      max_restarts: most,
      exit_on_end: exitOnEnd,
      ...rest
    } = availability;
    for (const key of Object.keys(rest)) this.#note(`availability.${key}`, 'is not known');
    if (exitOnEnd === true) this.#note('availability.exit_on_end', 'the others go on when it ends');
    const given = restart === false ? 'no' : (looseText(restart) ?? 'no');
    if (given === 'exit_on_failure') this.#note('availability.restart', 'the others go on when it fails');
    const policies: Readonly<Record<string, 'always' | 'on-failure'>> = {
      always: 'always',
      on_failure: 'on-failure',
    };
    const policy = policies[given];
    if (policy === undefined) return { restart: 'never' };
    const seconds = looseCount(backoff);
    const restarts = looseCount(most) ?? 0;
    if (restarts === 0) {
      this.#note(
        'availability.max_restarts',
        'it is given up after 10 ends in a row; restart.maxFailures says how many',
      );
    }
    return {
      restart: {
        policy,
        ...(seconds !== undefined && seconds > 0 && { firstDelay: `${seconds}s`, maxDelay: `${seconds}s` }),
        ...(restarts > 0 && { maxFailures: restarts + 1 }),
      },
    };
  }

  #probes(): Pick<ServiceEntry, 'readiness' | 'liveness'> {
    const context: ProbeContext = {
      shell: (line) => this.#shell(line),
      filled: (text, key) => this.#filled(text, key),
      note: this.#note,
    };
    const probe = (key: string) => {
      const given = looseMapping(this.#process[key]);
      return given === undefined ? undefined : importProbe(key, given, context);
    };
    const line = looseText(this.#process['ready_log_line']);
    const readiness = probe('readiness_probe') ?? (line === undefined ? undefined : { log: line });
    const liveness = probe('liveness_probe');
    if (this.#process['readiness_probe'] !== undefined) {
      this.#note(
        'readiness_probe',
        'a service that is not ready is not restarted for it; liveness does that',
      );
    }
    return { ...(readiness !== undefined && { readiness }), ...(liveness !== undefined && { liveness }) };
  }

  #after(): Pick<ServiceEntry, 'after'> {
    const after = Object.entries(looseMapping(this.#process['depends_on']) ?? {}).flatMap(
      ([given, dependency]) => {
        const name = this.#project.names.get(given);
        if (name === undefined) {
          this.#note(`depends_on.${given}`, 'there is no such process in this file; it is left out');
          return [];
        }
        const condition =
          looseText(looseMapping(dependency)?.['condition'] ?? dependency) ?? 'process_started';
        if (!Object.hasOwn(CONDITIONS, condition)) {
          this.#note(`depends_on.${given}`, `the condition ${condition} is not known; it is started`);
          return [[name, 'started'] as const];
        }
        if (condition === 'process_completed') {
          this.#note(`depends_on.${given}`, 'after an end of any kind there is not; it is succeeded');
        }
        return [[name, CONDITIONS[condition as keyof typeof CONDITIONS]] as const];
      },
    );
    return after.length === 0 ? {} : { after: Object.fromEntries(after) };
  }

  #schedule(): Pick<ServiceEntry, 'schedule'> {
    const given = looseMapping(this.#process['schedule']);
    if (given === undefined) return {};
    const { cron, interval, timezone, run_on_start: atStart, max_concurrent: most, ...rest } = given;
    for (const key of Object.keys(rest)) this.#note(`schedule.${key}`, 'is not known');
    if (atStart === true)
      this.#note('schedule.run_on_start', 'it begins at its first time; run it by hand before');
    if ((looseCount(most) ?? 1) > 1) this.#note('schedule.max_concurrent', 'one runs at a time (overlap)');
    const time = this.#scheduleTime(looseText(cron), looseText(interval), looseText(timezone));
    return time === undefined ? {} : { schedule: time };
  }

  #scheduleTime(
    cron: string | undefined,
    interval: string | undefined,
    timeZone: string | undefined,
  ): ScheduleEntry | undefined {
    if (cron !== undefined) {
      if (timeZone === undefined)
        this.#note('schedule.timezone', 'was that of the machine, and is UTC; set timeZone');
      return { cron, ...(timeZone !== undefined && { timeZone }) };
    }
    const everyMs = goDurationMs(interval ?? '');
    if (everyMs !== undefined && everyMs > 0) return { every: exactDuration(everyMs) };
    this.#note('schedule', 'has neither cron nor an interval that can be read; it is imported without');
    return undefined;
  }

  #otherNotes(): void {
    const carried = [
      'command',
      'entrypoint',
      'description',
      'working_dir',
      'environment',
      'namespace',
      'disabled',
      'availability',
      'depends_on',
      'readiness_probe',
      'liveness_probe',
      'ready_log_line',
      'shutdown',
      'schedule',
      'vars',
    ];
    for (const [key, value] of Object.entries(this.#process)) {
      if (carried.includes(key) || value === false) continue;
      if (key !== 'replicas') this.#note(key, PROCESS_NOTES[key] ?? 'is not known');
      else if (looseText(value) !== '1') this.#note(key, 'one runs; for more, define more services');
    }
  }
}

/** `['A=b']` or `{A: b}`. */
export function environmentIn(environment: unknown): Record<string, string> {
  if (Array.isArray(environment)) {
    return Object.fromEntries(
      environment.flatMap((entry: unknown) => {
        const [, name, value = ''] = /^([^=]+)=?([^]*)$/.exec(looseText(entry) ?? '') ?? [];
        return name === undefined ? [] : [[name, value] as const];
      }),
    );
  }
  return Object.fromEntries(
    Object.entries(looseMapping(environment) ?? {}).map(([name, value]) => [name, looseText(value) ?? '']),
  );
}
