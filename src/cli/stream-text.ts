import { harmlessText } from './harmless-text.ts';

export interface StreamTextOptions {
  /** The text as the program wrote it, with its controls. */
  readonly raw: boolean;
  /** Whether the program's colours are kept. Without meaning for raw text. */
  readonly colours: boolean;
  /** Whether each line begins with the time at which it was read. */
  readonly timestamps: boolean;
}

/** What of a log line is shown. */
export interface ShownLine {
  readonly text: string;
  readonly at: string;
  readonly continued: boolean;
}

/**
 * The lines of one stream as text for a terminal or a pipe.
 *
 *   at the beginning of a line ⇄ behind the text of a line that goes on
 *
 * A lone `\r` begins a new line, as it does in the logs of CI systems: on a terminal the text behind it would overwrite the
 * text before it, and with that hide it. Several in a row are one, and none counts at the beginning or end of a line, so
 * that a progress bar has neither empty lines nor a doubled end. Raw text keeps it.
 */
export class StreamText {
  readonly #options: StreamTextOptions;
  #isAtBeginning = true;
  #breakIsPending = false;

  constructor(options: StreamTextOptions) {
    this.#options = options;
  }

  /** Whether a line has begun and its newline has not come. */
  get isOpen(): boolean {
    return !this.#isAtBeginning;
  }

  /** The next line or piece of a line, with its newline where it has one. */
  render({ text, at, continued }: ShownLine): string {
    const prefix = this.#options.timestamps ? `${at} ` : '';
    let shown = '';
    for (const [index, part] of (this.#options.raw ? [text] : text.split(/\r+/)).entries()) {
      if (index > 0) this.#breakIsPending = this.isOpen;
      if (part === '') continue;
      if (this.#breakIsPending) shown += this.end();
      if (this.#isAtBeginning) shown += prefix;
      shown += this.#options.raw ? part : harmlessText(part, this.#options);
      this.#isAtBeginning = false;
    }
    if (continued) return shown;
    if (this.#isAtBeginning) shown += prefix;
    return `${shown}${this.end()}`;
  }

  /** Ends the line, whether or not it has begun. */
  end(): string {
    this.#isAtBeginning = true;
    this.#breakIsPending = false;
    return '\n';
  }
}
