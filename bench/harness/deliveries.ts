import type { BenchContext } from './context.ts';
import type { Delivery, LineSource } from './line-source.ts';
import { FILE_LINES } from './lines-file.ts';
import { figures, type Figures } from './row.ts';

/** How long a measured run shall be: long enough that its beginning and its end do not count. */
const RUN_SECONDS = 1.5;
const QUICK_RUN_SECONDS = 0.5;
const MIN_LINES = 10_000;
/** With so many the warm-up is long by itself. */
const MANY_READERS = 1_000;
const MAX_WARM_UPS = 3;

/** The runs of one source with one number of readers. */
export class Deliveries {
  readonly #source: LineSource;
  readonly #readers: number;
  readonly #context: BenchContext;
  readonly #runs: Delivery[] = [];
  #warmUpLinesPerEvent = Number.NaN;
  readonly #minLines: number;
  #lines: number;

  /** @param minLines of a run; few where a line is an event, many where the first line comes late */
  constructor(source: LineSource, readers: number, context: BenchContext, minLines = MIN_LINES) {
    this.#source = source;
    this.#readers = readers;
    this.#context = context;
    this.#minLines = minLines;
    this.#lines = readers < MANY_READERS ? 2 * this.#minLines : this.#minLines;
  }

  /** Runs that do not count; they also say how many lines the others need for their time. */
  async warmUp(): Promise<void> {
    const wanted = this.#context.quick ? QUICK_RUN_SECONDS : RUN_SECONDS;
    for (let warmUp = 0; warmUp < MAX_WARM_UPS; warmUp++) {
      const delivery = await this.#source.deliver(this.#readers, this.#lines);
      this.#warmUpLinesPerEvent = delivery.linesPerEvent;
      const fitting = Math.round((this.#lines * wanted) / delivery.seconds / this.#minLines) * this.#minLines;
      const isLongEnough = fitting < 2 * this.#lines || this.#lines === FILE_LINES;
      this.#lines = Math.min(FILE_LINES, Math.max(this.#minLines, fitting));
      if (isLongEnough) return;
    }
  }

  async run(): Promise<void> {
    this.#runs.push(await this.#source.deliver(this.#readers, this.#lines));
  }

  get linesPerSecond(): Figures {
    return figures(
      'lines/s',
      this.#runs.map(({ lines, seconds }) => lines / seconds),
    );
  }

  get cpuSecondsPerMillion(): Figures {
    return figures(
      's',
      this.#runs.map(({ serverCpuSeconds, lines }) => (serverCpuSeconds / lines) * 1e6),
    );
  }

  get peakRssMiB(): Figures {
    return figures(
      'MiB',
      this.#runs.map(({ serverPeakRssMiB }) => serverPeakRssMiB),
    );
  }

  get linesPerEvent(): number {
    return mean(this.#runs.map(({ linesPerEvent }) => linesPerEvent));
  }

  /** Of the last warm-up: what the raw limit of the same case is to do. */
  get warmUpLinesPerEvent(): number {
    return this.#warmUpLinesPerEvent;
  }

  get readerLoad(): number {
    return mean(this.#runs.map(({ readerLoad }) => readerLoad));
  }

  get sample(): string {
    return this.#runs.at(-1)?.sample ?? '';
  }
}

/** The measured runs of all in turns, so that what else the machine does meets all of them. */
export async function runInTurns(all: readonly Deliveries[], runs: number): Promise<void> {
  for (let run = 0; run < runs; run++) for (const each of all) await each.run();
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
