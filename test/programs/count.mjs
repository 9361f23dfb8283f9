// count.mjs N K [--gate I=FILE]... [--exit CODE] [--pids FILE]
// Prints 1..N on standard output and `marker I` on standard error after every K lines. At line I it waits until FILE is
// there, and says in FILE.reached that it has come so far. Writes its pid to the --pids file.
// `process` is not imported: that would open standard output, and Node would no longer block on it.
import { appendFileSync, existsSync, writeFileSync, writeSync } from 'node:fs';

const [countText, everyText, ...rest] = process.argv.slice(2);
const count = Number(countText);
const every = Number(everyText);
const gates = new Map();
let exitCode = 0;
for (let index = 0; index < rest.length; index += 2) {
  const value = rest[index + 1];
  if (rest[index] === '--gate') gates.set(Number(value.split('=')[0]), value.slice(value.indexOf('=') + 1));
  if (rest[index] === '--exit') exitCode = Number(value);
  if (rest[index] === '--pids') appendFileSync(value, `${process.pid}\n`);
}

function write(descriptor, text) {
  const bytes = Buffer.from(text);
  for (let written = 0; written < bytes.length;) written += writeSync(descriptor, bytes, written);
}

let pending = '';
for (let line = 1; line <= count; line += 1) {
  pending += `${line}\n`;
  const gate = gates.get(line);
  if (line % every !== 0 && line !== count && gate === undefined) continue;
  write(1, pending);
  pending = '';
  if (line % every === 0) write(2, `marker ${line}\n`);
  if (gate !== undefined) writeFileSync(`${gate}.reached`, '');
  while (gate !== undefined && !existsSync(gate))
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
}
process.exitCode = exitCode;
