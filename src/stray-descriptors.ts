import { closeSync, readdirSync, readFileSync } from 'node:fs';

const CLOSE_ON_EXEC = 0o2000000;

/**
 * Closes descriptors that whoever started the server left open: every program that it starts would get them, and
 * could keep a stranger's pipe or lock alive. Node's own are close-on-exec. Source: proc_pid_fdinfo(5), open(2).
 * @returns the numbers of the closed ones
 */
export function closeStrayDescriptors(): readonly number[] {
  const closed: number[] = [];
  for (const name of readdirSync('/proc/self/fd')) {
    const descriptor = Number(name);
    if (descriptor <= 2 || isCloseOnExec(descriptor)) continue;
    closeSync(descriptor);
    closed.push(descriptor);
  }
  return closed;
}

function isCloseOnExec(descriptor: number): boolean {
  try {
    const flags = /^flags:\s*(\d+)$/m.exec(
      readFileSync(`/proc/self/fdinfo/${String(descriptor)}`, 'utf8'),
    )?.[1];
    return flags === undefined || (Number.parseInt(flags, 8) & CLOSE_ON_EXEC) !== 0;
  } catch {
    return true; // Gone already: it was the one that listed the directory.
  }
}
