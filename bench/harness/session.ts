import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Deadline } from './deadline.ts';
import { environmentNow } from './environment.ts';
import { BenchContext } from './context.ts';
import { writeLinesFile } from './lines-file.ts';
import type { BenchOptions } from './options.ts';
import { writeIntoPage } from './page.ts';
import type { Report } from './report.ts';
import type { FailedRow, Row } from './row.ts';

/** One call of the benchmark: it owns the scratch directory, the time there is, and the rows that were measured. */
export class BenchSession implements Disposable {
  readonly #options: BenchOptions;
  readonly #environment;
  readonly #scratch = mkdtempSync(join(tmpdir(), 'lifeline-bench-'));
  readonly #linesPath: string;
  readonly #beganAtMs = performance.now();
  readonly #interrupted = new AbortController();
  readonly #rows: (Row | FailedRow)[] = [];
  readonly #onSignal = (): void => {
    this.#interrupted.abort(new Error('interrupted'));
  };

  constructor(command: string, options: BenchOptions) {
    this.#options = options;
    this.#environment = environmentNow(command);
    this.#linesPath = writeLinesFile(this.#scratch);
    process.on('SIGINT', this.#onSignal);
    process.on('SIGTERM', this.#onSignal);
  }

  /** Runs one part within its time and what is left of the whole; what fails is a row that says so. */
  async part(
    name: Pick<FailedRow, 'case' | 'what'>,
    maxSeconds: number,
    run: (context: BenchContext, tell: (row: Row | FailedRow) => void) => Promise<void>,
  ): Promise<void> {
    const leftSeconds = this.#options.maxSeconds - this.seconds;
    if (leftSeconds <= 0 || this.#interrupted.signal.aborted) {
      this.#fail(name, 'not run: the time was over');
      return;
    }
    using deadline = new Deadline(Math.min(maxSeconds, leftSeconds) * 1_000, this.#interrupted.signal);
    const tell = (row: Row | FailedRow): void => {
      this.#rows.push(row);
    };
    console.error(`[${this.seconds.toFixed(0)} s] ${name.case} ${name.what}`);
    try {
      await run(this.#context(deadline.signal), tell);
    } catch (error) {
      this.#fail(name, (error as Error).message);
    }
  }

  get seconds(): number {
    return (performance.now() - this.#beganAtMs) / 1_000;
  }

  get report(): Report {
    return {
      environment: this.#environment,
      runs: this.#options.runs,
      seconds: this.seconds,
      rows: this.#rows,
    };
  }

  /** Prints the text, and writes the files that were asked for. @param pagePart between which markers of the page */
  async publish(text: string, pagePart: string): Promise<void> {
    console.log(text);
    const { jsonPath, writesPage } = this.#options;
    if (jsonPath !== undefined) writeFileSync(jsonPath, `${JSON.stringify(this.report, null, 2)}\n`);
    if (writesPage) await writeIntoPage(pagePart, text);
    if (this.#rows.some((row) => 'failure' in row)) process.exitCode = 1;
  }

  [Symbol.dispose](): void {
    process.off('SIGINT', this.#onSignal);
    process.off('SIGTERM', this.#onSignal);
    rmSync(this.#scratch, { recursive: true, force: true, maxRetries: 5 });
  }

  #fail(name: Pick<FailedRow, 'case' | 'what'>, failure: string): void {
    console.error(`  failed: ${failure}`);
    this.#rows.push({ ...name, failure });
  }

  #context(signal: AbortSignal): BenchContext {
    const { runs, quick, documents, followers, profileDirectory } = this.#options;
    const scratch = mkdtempSync(join(this.#scratch, 'part-'));
    return new BenchContext({
      runs,
      quick,
      documents,
      followers,
      profileDirectory,
      linesPath: this.#linesPath,
      signal,
      scratch,
    });
  }
}
