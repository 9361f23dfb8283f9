import type { LogMask } from '../logs/log-mask.ts';

/** How much of the end of an output is kept. */
const KEPT_BYTES = 4 * 1024;
const LONGEST_LINE = 300;

/** The end of what a program writes, whatever it writes; its secrets are masked, also those that have come in part. */
export class OutputTail {
  readonly #mask: LogMask | null;
  readonly #mostBytes: number;
  #kept = Buffer.alloc(0);
  #bytes = 0;

  constructor(mask: LogMask | null) {
    this.#mask = mask;
    this.#mostBytes = KEPT_BYTES + (mask?.contextBytes ?? 0);
  }

  add(chunk: Buffer): void {
    this.#bytes += chunk.length;
    this.#kept = Buffer.concat([this.#kept, chunk.subarray(-this.#mostBytes)]).subarray(-this.#mostBytes);
  }

  /** Of all that was written. */
  get bytes(): number {
    return this.#bytes;
  }

  /** The last line that is not blank, cut; empty where there is none. */
  get lastLine(): string {
    const shown = this.#mask === null ? this.#kept : this.#mask.appliedToPart(this.#kept);
    const line = shown.subarray(-KEPT_BYTES).toString('utf8').trimEnd().split('\n').at(-1)?.trim() ?? '';
    return line.length > LONGEST_LINE ? `${line.slice(0, LONGEST_LINE)} …` : line;
  }
}
