/**
 * Writes lines at a steady rate into named pipes, from `go` on, each with its number and the time of its writing. A
 * process of its own; ends when all is written.
 */
import { closeSync, openSync, writeSync } from 'node:fs';
import { sharedNowMs } from '../harness/shared-clock.ts';

export interface PacedWriterSetup {
  readonly pipes: readonly string[];
  /** Into each pipe. */
  readonly linesPerSecond: number;
  readonly lines: number;
}

const LINE_BYTES = 100;
/** Lines that are due within this time are written together. */
const TICK_MS = 10;
/** From the last line to the end of the jobs, so that what their ends cost is not measured. */
const LINGER_MS = 300;

const setup = JSON.parse(process.argv[2] ?? '') as PacedWriterSetup;
// Opened for both, a named pipe does not wait for its reader (fifo(7)).
const descriptors = setup.pipes.map((path) => openSync(path, 'r+'));
process.once('message', () => {
  begin(sharedNowMs());
});
process.once('disconnect', () => process.exit());
process.send?.('ready');

function begin(beganAtMs: number): void {
  let written = 0;
  const timer = setInterval(() => {
    const due = Math.min(
      setup.lines,
      Math.ceil(((sharedNowMs() - beganAtMs) * setup.linesPerSecond) / 1_000),
    );
    if (due > written) for (const descriptor of descriptors) writeSync(descriptor, textsOf(written + 1, due));
    written = Math.max(written, due);
    if (written < setup.lines) return;
    clearInterval(timer);
    process.send?.(sharedNowMs() - beganAtMs);
    setTimeout(end, LINGER_MS);
  }, TICK_MS);
}

/** The jobs end with their pipes. */
function end(): void {
  for (const descriptor of descriptors) closeSync(descriptor);
  process.disconnect();
}

function textsOf(first: number, last: number): string {
  const nowUs = Math.round(sharedNowMs() * 1_000);
  let text = '';
  for (let line = first; line <= last; line++) {
    text += `${String(line).padStart(7, '0')} ${String(nowUs)} `.padEnd(LINE_BYTES - 1, 'x') + '\n';
  }
  return text;
}
