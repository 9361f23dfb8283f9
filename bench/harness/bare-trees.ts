import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, openSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Duplex } from 'node:stream';
import { fileURLToPath } from 'node:url';

const SHIM_PATH = fileURLToPath(new URL('../../src/supervisor/shim.sh', import.meta.url));

/**
 * What the machine takes to start so many jobs: the shim with its sinks, its files and its program, and nothing of a server.
 * All of them are ended before it resolves.
 * @param scratch a directory of the caller's
 * @returns seconds until all gates are open
 */
export async function startBareTrees(count: number, together: number, scratch: string): Promise<number> {
  const groups: number[] = [];
  let begun = 0;
  const starter = async (): Promise<void> => {
    while (begun < count) groups.push(...(await startTree(join(scratch, `tree-${String(begun++)}`))));
  };
  const beganAtMs = performance.now();
  try {
    await Promise.all(Array.from({ length: together }, starter));
    return (performance.now() - beganAtMs) / 1_000;
  } finally {
    for (const group of groups) killGroup(group);
  }
}

/** @returns the process groups of its shim and of its program */
async function startTree(path: string): Promise<readonly [number, number]> {
  mkdirSync(path);
  const script = join(path, 'launch');
  writeFileSync(script, 'exec env -i setsid sleep 1000\n');
  const files = ['errors', 'record', 'stdout', 'stderr'].map((name) => openSync(join(path, name), 'a'));
  const [errors, record, stdout, stderr] = files;
  const shim = spawn('/bin/sh', [SHIM_PATH, script, 'alone'], {
    cwd: '/',
    detached: true,
    stdio: ['ignore', 'ignore', errors, record, stdout, stderr, 'pipe'],
  });
  for (const file of files) closeSync(file);
  const gate = (shim.stdio as readonly unknown[])[6];
  if (!(gate instanceof Duplex) || shim.pid === undefined) throw new Error('A shim could not be started.');
  gate.on('error', () => undefined); // It is killed with its group.
  const [said] = (await once(gate, 'data')) as [Buffer];
  gate.end('go\n');
  await once(gate, 'finish');
  gate.destroy();
  return [shim.pid, Number.parseInt(said.toString(), 10)];
}

/** A program that has not left its shim's group yet has ended with that. */
function killGroup(group: number): void {
  try {
    process.kill(-group, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
