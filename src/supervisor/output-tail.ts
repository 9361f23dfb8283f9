/** How much of the end of an output is kept. */
const KEPT_BYTES = 4 * 1024;
const LONGEST_LINE = 300;

/** The end of what a program writes, whatever it writes. */
export class OutputTail {
  #kept = Buffer.alloc(0);
  #bytes = 0;

  add(chunk: Buffer): void {
    this.#bytes += chunk.length;
    this.#kept = Buffer.concat([this.#kept, chunk.subarray(-KEPT_BYTES)]).subarray(-KEPT_BYTES);
  }

  /** Of all that was written. */
  get bytes(): number {
    return this.#bytes;
  }

  /** The last line that is not blank, cut; empty where there is none. */
  get lastLine(): string {
    const line = this.#kept.toString('utf8').trimEnd().split('\n').at(-1)?.trim() ?? '';
    return line.length > LONGEST_LINE ? `${line.slice(0, LONGEST_LINE)} …` : line;
  }
}
