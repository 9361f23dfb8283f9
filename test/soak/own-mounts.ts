import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { canMount } from '../end-to-end/harness/small-disk.ts';

/** Says to a run that its mounts are its own. */
const INSIDE = 'SOAK_INSIDE_NAMESPACE';
const NAMESPACE =
  process.getuid?.() === 0 ? ['unshare', '-m', '--propagation', 'private'] : ['unshare', '-Urm'];
const MOUNT =
  'mountpoint -q "$7" || { mkdir -p "$7" && mount -t tmpfs -o "size=$0" lifeline "$7"; }; exec "$@"';

/** Whether this process can mount what nobody else sees. */
export function hasOwnMounts(): boolean {
  return process.env[INSIDE] !== undefined;
}

/**
 * Runs this program once more in a mount namespace, where there is one to have: a server that is killed and comes again finds its
 * small disk there. Signals are passed on. @returns its exit code; `null` where this process is to do the work itself
 */
export async function runWithOwnMounts(): Promise<number | null> {
  if (hasOwnMounts() || !canMount()) return null;
  const [program = '', ...args] = [
    ...NAMESPACE,
    process.execPath,
    ...process.execArgv,
    ...process.argv.slice(1),
  ];
  const child = spawn(program, args, { stdio: 'inherit', env: { ...process.env, [INSIDE]: '1' } });
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.on(signal, () => {
      child.kill(signal);
    });
  const [code] = (await once(child, 'exit')) as [number | null];
  return code ?? 1;
}

/** A program that starts a server whose data directory is a file system of this size (as `mount` takes it). */
export function onDiskOf(size: string): string[] {
  return ['sh', '-c', MOUNT, size];
}
