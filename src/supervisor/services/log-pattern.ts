import { RE2JS } from 're2js';
import { InvalidInputError } from '../../domain/errors.ts';

const MAX_PATTERN_LENGTH = 1_000;
/** The time for a line grows with this. */
const MAX_PROGRAM_SIZE = 2_000;
/** So much of the beginning of a line is looked at. */
const MAX_LINE_LENGTH = 8 * 1024;

/** A pattern in RE2 syntax: the time for a line grows with its length and no faster, whatever the pattern. */
export class LogPattern {
  readonly #pattern: RE2JS;

  /** @param field names it in the error @throws InvalidInputError */
  constructor(text: string, field = 'pattern') {
    const refuse = (problem: string): never => {
      throw new InvalidInputError(`The pattern ${JSON.stringify(text.slice(0, 200))} ${problem}.`, field);
    };
    if (text === '') refuse('is empty');
    if (text.length > MAX_PATTERN_LENGTH) refuse(`is longer than ${String(MAX_PATTERN_LENGTH)} characters`);
    this.#pattern = compiled(text, refuse);
    if (this.#pattern.programSize() > MAX_PROGRAM_SIZE) refuse('repeats too much');
  }

  /** Whether it is found anywhere in the first 8,192 characters of the line. */
  matches(line: string): boolean {
    return this.#pattern.test(line.slice(0, MAX_LINE_LENGTH));
  }
}

function compiled(text: string, refuse: (problem: string) => never): RE2JS {
  try {
    return RE2JS.compile(text);
  } catch (error) {
    return refuse(`is not in RE2 syntax (${error instanceof Error ? error.message : String(error)})`);
  }
}
