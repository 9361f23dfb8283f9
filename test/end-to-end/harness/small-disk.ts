import { spawnSync } from 'node:child_process';
import { closeSync, openSync, readFileSync, rmSync, statfsSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { LifelineServer } from './lifeline-server.ts';

/** A mount namespace of its own, as root or as the root of a user namespace. */
const NAMESPACE =
  process.getuid?.() === 0 ? ['unshare', '-m', '--propagation', 'private'] : ['unshare', '-Urm'];
const SCRIPT = 'mkdir -p "$7" && mount -t tmpfs -o "size=$SMALL_DISK" lifeline "$7" && exec "$@"';
const CHUNK = Buffer.alloc(64 * 1024, 7);

/** Whether a file system can be mounted here. */
export function canMount(): boolean {
  const [program, ...args] = [...NAMESPACE, 'mount', '-t', 'tmpfs', 'lifeline', '/mnt'];
  return spawnSync(program, args).status === 0;
}

/** For a server whose data directory is a real file system of so many bytes, gone with it. */
export function onSmallDisk(bytes: number) {
  return {
    wrapper: [...NAMESPACE, 'sh', '-c', SCRIPT, 'sh'],
    env: { SMALL_DISK: String(bytes), LIFELINE_TOKEN: 'token-of-a-server-on-a-small-disk' },
  };
}

/** The data directory of such a server, from outside. */
function within(server: LifelineServer, name: string): string {
  return `/proc/${String(server.pid)}/root${server.dataDirectory}/${name}`;
}

export function readWithin(server: LifelineServer, name: string): string {
  return readFileSync(within(server, name), 'utf8');
}

/** Fills the disk, up to so many bytes that stay free. */
export function fill(server: LifelineServer, leaveBytes = 0): void {
  fillDirectory(within(server, '.'), leaveBytes);
}

/** As `fill`, for a directory that can be seen from here. */
export function fillDirectory(path: string, leaveBytes: number): void {
  const { bavail, bsize } = statfsSync(path);
  const descriptor = openSync(join(path, 'ballast'), 'a');
  try {
    for (let rest = bavail * bsize - leaveBytes; rest > 0;) {
      const written = writeSync(descriptor, CHUNK, 0, Math.min(CHUNK.length, rest));
      rest -= written;
    }
    while (leaveBytes === 0) writeSync(descriptor, CHUNK);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
  } finally {
    closeSync(descriptor);
  }
}

export function makeRoom(server: LifelineServer): void {
  makeRoomIn(within(server, '.'));
}

export function makeRoomIn(path: string): void {
  rmSync(join(path, 'ballast'));
}
