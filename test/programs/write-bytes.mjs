// write-bytes.mjs FD HEX|@FILE...   Writes each piece of bytes (hexadecimal) with a system call of its own; @FILE waits
// until that file is there.
import { existsSync, writeSync } from 'node:fs';

const [descriptorText, ...pieces] = process.argv.slice(2);
for (const piece of pieces) {
  if (piece.startsWith('@')) {
    while (!existsSync(piece.slice(1))) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
    continue;
  }
  const bytes = Buffer.from(piece, 'hex');
  for (let written = 0; written < bytes.length;) written += writeSync(Number(descriptorText), bytes, written);
}
