import { styleText } from 'node:util';
import type { JobLogEvent } from '../src/client/client.ts';

type LogLine = Extract<JobLogEvent, { __typename: 'LogLines' }>['lines'][number];
type Style = Parameters<typeof styleText>[0];

/** Says what happens, in colour on a terminal. Counts the checks that failed. */
export class Narrator {
  readonly #isColoured: boolean;
  failures = 0;

  constructor(output: { readonly isTTY?: boolean }, environment: NodeJS.ProcessEnv) {
    this.#isColoured = output.isTTY === true && environment['NO_COLOR'] === undefined;
  }

  chapter(title: string): void {
    console.log(`\n${this.#paint('bold', title)}`);
  }

  note(text: string): void {
    console.log(this.#paint('dim', `  ${text}`));
  }

  line({ seq, stream, text }: LogLine): void {
    const mark = stream === 'STDERR' ? this.#paint('yellow', 'err') : this.#paint('cyan', 'out');
    console.log(`  ${this.#paint('dim', String(seq).padStart(3))} ${mark} ${text}`);
  }

  check(holds: boolean, claim: string): void {
    if (!holds) this.failures += 1;
    console.log(`  ${holds ? this.#paint('green', '✓') : this.#paint('red', '✗ NOT TRUE:')} ${claim}`);
  }

  #paint(style: Style, text: string): string {
    return this.#isColoured ? styleText(style, text) : text;
  }
}
