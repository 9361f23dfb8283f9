// Prints the first lines of a file, over and over, at a steady rate: node steady-print.js FILE LINES LINES_PER_SECOND
import { readFileSync, writeSync } from 'node:fs';

const [path, lines, linesPerSecond] = [process.argv[2], Number(process.argv[3]), Number(process.argv[4])];
const LINE_BYTES = 100;
/** Lines that are due within this time are written together. */
const TICK_MS = 5;

const text = readFileSync(path);
const byteCount = lines * LINE_BYTES;
const beganAtMs = performance.now();
let written = 0;
const timer = setInterval(() => {
  const dueLines = Math.min(lines, Math.floor(((performance.now() - beganAtMs) * linesPerSecond) / 1_000));
  while (written < dueLines * LINE_BYTES) {
    const start = written % text.length;
    written += writeSync(1, text, start, Math.min(text.length - start, dueLines * LINE_BYTES - written));
  }
  if (written === byteCount) clearInterval(timer);
}, TICK_MS);
