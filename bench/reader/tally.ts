import { percentile } from '../harness/statistics.ts';
import type { CheckedLines } from './line-check.ts';
import type { ReadReport } from './read-order.ts';

const MAX_FAULTS = 5;

/** What all readers of the process have seen together. */
export class Tally {
  readonly #latenciesMs: number[] = [];
  readonly #faults: string[] = [];
  #cpuAtFirstLine = process.cpuUsage();
  #firstLineAtMs = Number.POSITIVE_INFINITY;
  #lastLineAtMs = Number.NEGATIVE_INFINITY;
  #lines = 0;
  #events = 0;

  add({ lines, writtenAtUs }: CheckedLines, nowMs: number): void {
    if (this.#lines === 0) {
      this.#firstLineAtMs = nowMs;
      this.#cpuAtFirstLine = process.cpuUsage();
    }
    this.#lastLineAtMs = nowMs;
    this.#lines += lines;
    this.#events++;
    for (const atUs of writtenAtUs) this.#latenciesMs.push(nowMs - atUs / 1_000);
  }

  fault(text: string): void {
    if (this.#faults.length < MAX_FAULTS) this.#faults.push(text);
  }

  report(sample: string): ReadReport {
    const { user, system } = process.cpuUsage(this.#cpuAtFirstLine);
    return {
      firstLineAtMs: this.#firstLineAtMs,
      lastLineAtMs: this.#lastLineAtMs,
      lines: this.#lines,
      events: this.#events,
      faults: this.#faults,
      latencyMs:
        this.#latenciesMs.length === 0
          ? undefined
          : {
              p50: percentile(this.#latenciesMs, 0.5),
              p99: percentile(this.#latenciesMs, 0.99),
              max: percentile(this.#latenciesMs, 1),
            },
      cpuSeconds: (user + system) / 1e6,
      sample,
    };
  }
}
