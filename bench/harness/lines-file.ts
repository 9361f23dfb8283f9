import { closeSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';

/** Lines in the file; a longer log is the file several times. */
export const FILE_LINES = 1_000_000;
const LINE_BYTES = 100;
const LINES_PER_WRITE = 10_000;

/** The text of a line, 99 bytes: its number, then filling. */
export function textOf(seq: number): string {
  const number = String(((seq - 1) % FILE_LINES) + 1).padStart(7, '0');
  return `${number} ${'x'.repeat(LINE_BYTES - 2 - number.length)}`;
}

/** Writes the file that all jobs print. @returns its path */
export function writeLinesFile(directory: string): string {
  const path = join(directory, 'lines');
  const descriptor = openSync(path, 'w');
  try {
    for (let first = 1; first <= FILE_LINES; first += LINES_PER_WRITE) {
      const lines = Array.from({ length: LINES_PER_WRITE }, (_, index) => `${textOf(first + index)}\n`);
      writeSync(descriptor, lines.join(''));
    }
  } finally {
    closeSync(descriptor);
  }
  return path;
}

/** A shell command that prints the first lines of a log of this kind, as fast as it goes. */
export function printCommand(path: string, lines: number): string {
  const wholeTimes = Math.floor(lines / FILE_LINES);
  const rest = lines % FILE_LINES;
  const parts = [
    ...(wholeTimes > 0 ? [`cat ${`'${path}' `.repeat(wholeTimes)}`] : []),
    ...(rest > 0 ? [`head -c ${rest * LINE_BYTES} '${path}'`] : []),
  ];
  return parts.join('; ');
}

/** The same for lines of the first `FILE_LINES`, behind the line `after`. */
export function printAfterCommand(path: string, after: number, lines: number): string {
  return `tail -c +${after * LINE_BYTES + 1} '${path}' | head -c ${lines * LINE_BYTES}`;
}

/** A shell command that prints the first lines of a log of this kind at a steady rate. */
export function steadyPrintCommand(path: string, lines: number, linesPerSecond: number): string {
  const program = join(import.meta.dirname, '../load/steady-print.js');
  return `'${process.execPath}' '${program}' '${path}' ${lines} ${linesPerSecond}`;
}
