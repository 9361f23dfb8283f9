import type { LogStream } from '../client/client.ts';
import { jsonText } from './json-text.ts';
import type { OutputStream } from './output-stream.ts';
import { StreamText, type ShownLine } from './stream-text.ts';

/** One line of a log, as every door gives it. */
export interface PrintedLine extends ShownLine {
  readonly seq: number;
  readonly stream: LogStream;
  readonly atApproximate: boolean;
}

/** Lines that are gone. */
export interface PrintedGap {
  readonly fromSeq: number;
  readonly toSeq: number;
  readonly reason: string;
}

/** Where the lines of a log go. Each call resolves when the operating system has taken them. */
export interface LogPrinter {
  /** @throws OutputClosedError, CliError as OutputStream.write */
  lines(lines: readonly PrintedLine[]): Promise<void>;
  gap(gap: PrintedGap): Promise<void>;
  /** Leaves the terminal as it was: no colour, no open line. */
  finish(): Promise<void>;
}

export interface TextPrinterOptions {
  /** Where the lines of each stream go; one output for both merges them. */
  readonly outputs: Readonly<Record<LogStream, OutputStream>>;
  /** Where it is told that lines are gone. */
  readonly notes: OutputStream;
  readonly raw: boolean;
  readonly timestamps: boolean;
}

const RESET_COLOURS = '\x1b[0m';

/** Prints lines as text. On one output or terminal for both streams, a line that is open when the other stream speaks is ended. */
export class TextPrinter implements LogPrinter {
  readonly #options: TextPrinterOptions;
  readonly #texts: Readonly<Record<LogStream, StreamText>>;
  readonly #isShared: boolean;

  constructor(options: TextPrinterOptions) {
    const { outputs, raw, timestamps } = options;
    this.#options = options;
    const textFor = (stream: LogStream) =>
      new StreamText({ raw, timestamps, colours: outputs[stream].hasColours });
    this.#texts = { STDOUT: textFor('STDOUT'), STDERR: textFor('STDERR') };
    this.#isShared =
      outputs.STDOUT === outputs.STDERR || (outputs.STDOUT.isTerminal && outputs.STDERR.isTerminal);
  }

  async lines(lines: readonly PrintedLine[]): Promise<void> {
    for (let start = 0; start < lines.length;) {
      const stream = lines[start]?.stream ?? 'STDOUT';
      const change = lines.findIndex((line, index) => index > start && line.stream !== stream);
      const end = change === -1 ? lines.length : change;
      const other = this.#texts[stream === 'STDOUT' ? 'STDERR' : 'STDOUT'];
      const lineEnd = this.#isShared && other.isOpen ? other.end() : '';
      const text = lines.slice(start, end).map((line) => this.#texts[stream].render(line));
      await this.#options.outputs[stream].write(lineEnd + text.join(''));
      start = end;
    }
  }

  async gap({ fromSeq, toSeq, reason }: PrintedGap): Promise<void> {
    await this.#options.notes.write(`lifeline: lines ${fromSeq} to ${toSeq} are gone (${reason})\n`);
  }

  async finish(): Promise<void> {
    const { outputs, raw } = this.#options;
    const streams = ['STDOUT', 'STDERR'] as const;
    for (const stream of streams) {
      const output = outputs[stream];
      // One terminal for both is left once.
      if (!output.isTerminal || (this.#isShared && stream === 'STDERR')) continue;
      const colours = raw || output.hasColours ? RESET_COLOURS : '';
      const open = this.#isShared ? streams.map((name) => this.#texts[name]) : [this.#texts[stream]];
      await output.write(colours + (open.find((text) => text.isOpen)?.end() ?? ''));
    }
  }
}

/**
 * Prints JSON lines, as `GET /jobs/N/log?format=jsonl` does: `{seq, stream, text, at, atApproximate, continued}`, or
 * `{gap: {fromSeq, toSeq, reason}}` where lines are gone.
 */
export class JsonPrinter implements LogPrinter {
  readonly #output: OutputStream;
  readonly #ofJob: { readonly jobId?: string };

  /** @param jobId stands in each object, where the lines of several jobs are mixed */
  constructor(output: OutputStream, jobId?: string) {
    this.#output = output;
    this.#ofJob = jobId === undefined ? {} : { jobId };
  }

  async lines(lines: readonly PrintedLine[]): Promise<void> {
    const objects = lines.map(({ seq, stream, text, at, atApproximate, continued }) =>
      jsonText({ ...this.#ofJob, seq, stream, text, at, atApproximate, continued }),
    );
    await this.#output.write(`${objects.join('\n')}\n`);
  }

  async gap({ fromSeq, toSeq, reason }: PrintedGap): Promise<void> {
    await this.#output.write(`${jsonText({ ...this.#ofJob, gap: { fromSeq, toSeq, reason } })}\n`);
  }

  finish(): Promise<void> {
    return Promise.resolve();
  }
}
