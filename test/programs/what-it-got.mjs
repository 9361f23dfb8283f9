// Prints as JSON what the kernel says that this process was given: argv, environment, working directory, descriptors,
// ignored and caught signals, session and group. Bytes are given as latin1 text.
import { readFileSync, readdirSync, readlinkSync } from 'node:fs';
import process from 'node:process';

const list = (path) => readFileSync(path, 'latin1').split('\0').slice(0, -1);
const status = readFileSync('/proc/self/status', 'latin1');
const stat = readFileSync('/proc/self/stat', 'latin1');
const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
const inherited = (name) => {
  const path = `/proc/self/fd/${name}`;
  const flags = readFileSync(`/proc/self/fdinfo/${name}`, 'latin1');
  const octal = /^flags:\s*(\d+)$/m.exec(flags)[1];
  return { descriptor: Number(name), target: readlinkSync(path), closeOnExec: (Number.parseInt(octal, 8) & 0o2000000) !== 0 };
};
const descriptors = readdirSync('/proc/self/fd').flatMap((name) => {
  try {
    return [inherited(name)];
  } catch {
    return [];
  }
});
console.log(
  JSON.stringify({
    pid: process.pid,
    argv: list('/proc/self/cmdline'),
    environ: list('/proc/self/environ'),
    cwd: process.cwd(),
    descriptors: descriptors.filter(({ closeOnExec }) => !closeOnExec),
    ignored: /^SigIgn:\s*(\S+)$/m.exec(status)[1],
    blocked: /^SigBlk:\s*(\S+)$/m.exec(status)[1],
    group: Number(fields[2]),
    session: Number(fields[3]),
  }),
);
