import { harmlessLine } from './harmless-text.ts';

/** A command line as one would type it, on one line, without controls. For people: what was a control is a picture of it. */
export function shellWords(command: readonly string[]): string {
  return command.map(quoted).join(' ');
}

function quoted(word: string): string {
  const shown = harmlessLine(word);
  return /^[\w@%+=:,./-]+$/.test(shown) ? shown : `'${shown.replaceAll("'", `'\\''`)}'`;
}
