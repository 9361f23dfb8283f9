// Prints as JSON what the kernel says that this process was given: argv, environment, working directory. Bytes are given
// as latin1 text.
import { readFileSync } from 'node:fs';

const list = (path) => readFileSync(path, 'latin1').split('\0').slice(0, -1);
console.log(
  JSON.stringify({
    argv: list('/proc/self/cmdline'),
    environ: list('/proc/self/environ'),
    cwd: process.cwd(),
  }),
);
