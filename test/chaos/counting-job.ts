import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { programPath, startJob } from '../end-to-end/harness/jobs.ts';
import type { LifelineServer } from '../end-to-end/harness/lifeline-server.ts';
import { sequenceOf } from '../end-to-end/harness/sequence-of.ts';
import { untilTrue } from '../end-to-end/harness/until-true.ts';
import { isAbsence, readRaw, readTyped, type WholeLog } from './readers.ts';
import type { Round } from './scenario.ts';

/** How much a job says: program, lines a burst, seconds between bursts. */
const KINDS = {
  FAST: ['counts-until.sh', 100, 0.01],
  SLOW: ['counts-until.sh', 1, 0.05],
  SILENT: ['counts-until.sh', 0, 0.05],
  FAMILY: ['leaves-family.sh', 1, 0.05],
} as const;

export type JobKind = keyof typeof KINDS;

export interface ProcessNote {
  readonly pid: number;
  readonly startTicks: number;
}

/**
 * A job that counts until it is told to stop, with a raw reader and a typed client on it. Its program writes down who it
 * is and how far it counted, so that what the server says is held against what happened.
 */
export class CountingJob {
  readonly exitCode: number;
  readonly #server: LifelineServer;
  readonly #directory: string;
  readonly #input: Readonly<Record<string, unknown>>;
  readonly #leave = new AbortController();
  #readers: Promise<[WholeLog, WholeLog]> | undefined;
  #jobId: string | undefined;

  /** @param further more of StartJobInput */
  constructor(round: Round, kind: JobKind, further: Readonly<Record<string, unknown>> = {}) {
    const name = `${round.name}-${round.jobs.length + 1}`;
    const [program, burst, pause] = KINDS[kind];
    this.exitCode = round.random.integer(0, 99);
    this.#server = round.server;
    this.#directory = round.server.scratch.file(name);
    mkdirSync(this.#directory);
    const command = [programPath(program), this.#directory, burst, pause, this.exitCode].map(String);
    this.#input = { command, requestId: name, gracePeriodMs: 300, ...further };
    round.jobs.push(this);
  }

  get jobId(): string {
    if (this.#jobId === undefined) throw new Error('the job was not started');
    return this.#jobId;
  }

  /** Whether its program has begun. */
  get hasRun(): boolean {
    return existsSync(join(this.#directory, 'pids'));
  }

  /** Who its processes say they are; the program first. */
  get processes(): ProcessNote[] {
    if (!this.hasRun) return [];
    const text = readFileSync(join(this.#directory, 'pids'), 'latin1');
    return text.split('\n').flatMap((line) => {
      const fields = line.slice(line.lastIndexOf(')') + 2).split(' ');
      return line === '' ? [] : [{ pid: Number.parseInt(line), startTicks: Number(fields[19]) }];
    });
  }

  /** Asks until there is an answer: a repeat of its request finds the same job. Then its readers read. */
  async start(): Promise<string> {
    for (;;) {
      try {
        this.#jobId = await startJob(this.#server, this.#input);
        break;
      } catch (error) {
        if (!isAbsence(error)) throw error;
        await delay(20);
      }
    }
    this.#readers ??= this.#read(this.#jobId);
    this.#readers.catch(() => undefined); // Looked at in `end`.
    return this.#jobId;
  }

  async running(): Promise<void> {
    await untilTrue(() => this.hasRun, { what: `the program of job ${this.jobId}` });
  }

  /** Tells the program to stop; it may take one burst and one pause. */
  release(): void {
    writeFileSync(join(this.#directory, 'stop'), '');
  }

  /** Resolves when the program has ended by itself. */
  async stopped(): Promise<void> {
    await untilTrue(() => existsSync(join(this.#directory, 'count')), { what: `the end of a program` });
  }

  leave(): void {
    this.#leave.abort();
  }

  /** What both readers got, once they have their end. They must have got the same. */
  async end(): Promise<WholeLog> {
    if (this.#readers === undefined) throw new Error('the job was not started');
    const [raw, typed] = await this.#readers;
    assertContiguous(this.jobId, raw);
    assertContiguous(this.jobId, typed);
    assert.equal(typed.job.status, raw.job.status);
    // Where one found lines gone, the other may have been in time.
    const isWhole = [raw, typed].every(({ passed }) => passed.every(({ gap }) => gap === null));
    if (isWhole)
      assert.deepEqual(texts(typed), texts(raw), `job ${this.jobId}: the readers got different lines`);
    return raw;
  }

  /**
   * As `endedByItself`, or as a launch that failed since the server died before the gate opened: then the program must
   * never have run.
   */
  async endedHonestly(): Promise<WholeLog> {
    const log = await this.end();
    if (log.job.reason !== 'LAUNCH_FAILED') return this.endedByItself();
    assert.equal(this.hasRun, false, `job ${this.jobId} is LAUNCH_FAILED, but its program ran`);
    assert.deepEqual(log.lines, []);
    return log;
  }

  /** Checks a job that nobody harmed: its exit code, and each line of what it counted, once and in order. */
  async endedByItself(): Promise<WholeLog> {
    const log = await this.end();
    const status = this.exitCode === 0 ? 'SUCCEEDED' : 'FAILED';
    assertOutcome(this.jobId, log, { status, reason: 'EXITED', exitCode: this.exitCode });
    const count = Number(readFileSync(join(this.#directory, 'count'), 'utf8'));
    this.#assertCounted(log, count);
    return log;
  }

  /** Checks one that was ended before its count was written: what it said is 1..N of what is in its file. */
  async endedAs(outcome: Partial<WholeLog['job']>, { afterLoss = false } = {}): Promise<WholeLog> {
    const ended = await this.end();
    const log = afterLoss ? withoutReservedNumbers(this.jobId, ended) : ended;
    assertOutcome(this.jobId, log, outcome);
    const file = join(this.#server.dataDirectory, 'jobs', this.jobId, 'stdout');
    const text = existsSync(file) ? readFileSync(file, 'utf8') : '';
    this.#assertCounted(log, text.split('\n').length - 1);
    return log;
  }

  #assertCounted(log: WholeLog, count: number): void {
    const what = `job ${this.jobId}`;
    const gaps = log.passed.filter(({ gap }) => gap !== null);
    assert.deepEqual(gaps, [], `${what} has gaps`);
    if (log.lines.length > 0) assert.equal(sequenceOf(log.lines), `1..${log.lines.length} once`, what);
    const counted = log.lines.flatMap(({ stream, text }) => (stream === 'STDOUT' ? [text] : []));
    assert.equal(counted.length, count, `${what}: lines on standard output`);
    const wrong = counted.findIndex((text, index) => text !== String(index + 1));
    assert.equal(wrong, -1, `${what}: line ${wrong + 1} is ${JSON.stringify(counted[wrong])}`);
  }

  async #read(jobId: string): Promise<[WholeLog, WholeLog]> {
    const { signal } = this.#leave;
    return Promise.all([readRaw(this.#server, jobId, signal), readTyped(this.#server, jobId, signal)]);
  }
}

/** After a loss of the machine the numbers that may have been given are told as missing, behind all lines. */
function withoutReservedNumbers(jobId: string, log: WholeLog): WholeLog {
  assert.equal(log.passed.at(-1)?.gap, 'DAMAGED', `job ${jobId}: the numbers that may have been given`);
  return { ...log, passed: log.passed.slice(0, -1) };
}

/** Every number once and in order, as a line or in a gap that says so. */
function assertContiguous(jobId: string, { passed }: WholeLog): void {
  let nextSeq = 1;
  for (const { fromSeq, toSeq } of passed) {
    assert.equal(fromSeq, nextSeq, `job ${jobId}: a reader was given ${fromSeq} where ${nextSeq} was next`);
    nextSeq = toSeq + 1;
  }
}

function texts(log: WholeLog): string[] {
  return log.lines.map(({ seq, stream, text }) => `${seq} ${stream} ${text}`);
}

function assertOutcome(jobId: string, log: WholeLog, outcome: Partial<WholeLog['job']>): void {
  const { status, reason, exitCode } = log.job;
  assert.deepEqual({ status, reason, exitCode }, { status, reason, exitCode, ...outcome }, `job ${jobId}`);
}
