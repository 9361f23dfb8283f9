import {
  accessSync,
  constants,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  writeFileSync,
} from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { readProcess, type ProcessEntry, type ProcessSnapshot } from './process-table.ts';
import type { TreeHolder } from './tree-holder.ts';

// Only membership and `cgroup.kill` are used, no controllers: so the rule of cgroup v2 that a group with controllers for its
// children must not hold processes itself never applies. Source: the kernel's admin-guide/cgroup-v2.

/**
 * Where this server may make cgroups: below its own, if cgroup v2 is there, is writable, and can kill a group (Linux 5.14).
 * @param mountInfo text of /proc/self/mountinfo
 * @param ownCgroup text of /proc/self/cgroup
 * @returns an absolute path, or `null` where there is none
 */
export function writableCgroup(mountInfo: string, ownCgroup: string): string | null {
  // A process may be moved by whoever may write to the nearest group that holds both places.
  const isWritable = (path: string): boolean => canWrite(path) && canWrite(join(path, 'cgroup.procs'));
  return ownCgroups(mountInfo, ownCgroup, null).find(isWritable) ?? null;
}

/**
 * Where a process sees the cgroup that it is in.
 * @param mountInfo text of its mountinfo
 * @param ownCgroup text of its cgroup file
 * @param controller such as `memory`, for its hierarchy of version 1; `null` for version 2
 * @returns absolute paths, one a mount
 */
export function ownCgroups(mountInfo: string, ownCgroup: string, controller: string | null): string[] {
  const own = ownCgroup.split('\n').flatMap((line) => {
    const [, id, controllers = '', path] = /^(\d+):([^:]*):(\/.*)$/.exec(line) ?? [];
    const isWanted = controller === null ? id === '0' : controllers.split(',').includes(controller);
    return path !== undefined && isWanted ? [path] : [];
  })[0];
  if (own === undefined) return [];
  return cgroupMounts(mountInfo, controller).flatMap(({ root, mountPoint }) => {
    const below = relative(root, own);
    return below.startsWith('..') ? [] : [join(mountPoint, below)];
  });
}

/** Makes an empty cgroup. @throws the error of the file system; where the kernel cannot kill it as a whole, too */
export function makeCgroup(path: string): void {
  mkdirSync(path, { recursive: true });
  accessSync(join(path, 'cgroup.kill'), constants.W_OK);
}

/** Removes a cgroup and those that the job has made in it, as far as they are empty. */
export function removeCgroup(path: string): void {
  try {
    for (const child of childGroups(path)) removeCgroup(child);
    rmdirSync(path);
  } catch {
    // Gone, or not empty: a survivor that nobody can kill is in it.
  }
}

/**
 * Moves a process. What it forks from then on begins there, too. In a thread of its own, because the kernel may take its time:
 * 10 ms and more, for which it waits until no processor is in the midst of a fork.
 * @throws the error of the file system
 */
export async function moveIntoCgroup(path: string, pid: number): Promise<void> {
  await writeFile(join(path, 'cgroup.procs'), String(pid));
}

/**
 * A cgroup of the job's own. The kernel puts every descendant into it, however it was forked.
 * Known gap: a job that runs as root, or as the owner of the cgroup, can move itself elsewhere if it means to.
 */
export function cgroupHolder(path: string): TreeHolder {
  return {
    members: (snapshot) => membersOf(path, snapshot),
    holds: () => isThere(path),
    kill: () => killAll(path),
    [Symbol.dispose]: () => removeCgroup(path),
  };
}

function* membersOf(path: string, snapshot: ProcessSnapshot): Iterable<ProcessEntry> {
  for (const pid of pidsIn(path)) {
    // What was forked after the picture was taken is not in it, and must not be missed.
    const process = snapshot.processes.get(pid) ?? readProcess(pid);
    if (process !== undefined) yield process;
  }
}

function pidsIn(path: string): number[] {
  try {
    const own = readFileSync(join(path, 'cgroup.procs'), 'latin1').split('\n').filter(Boolean).map(Number);
    return [...own, ...childGroups(path).flatMap(pidsIn)];
  } catch {
    return []; // It has gone: so have its processes.
  }
}

function isThere(path: string): boolean {
  try {
    accessSync(join(path, 'cgroup.procs'));
    return true;
  } catch {
    return false;
  }
}

function killAll(path: string): boolean {
  try {
    writeFileSync(join(path, 'cgroup.kill'), '1');
    return true;
  } catch {
    return false;
  }
}

function childGroups(path: string): string[] {
  return readdirSync(path, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => join(path, entry.name));
}

/** One line a mount: id, parent, device, root, mount point, options, optional fields, `-`, type, source, options. Source: proc_pid_mountinfo(5). */
function cgroupMounts(mountInfo: string, controller: string | null): { root: string; mountPoint: string }[] {
  return mountInfo.split('\n').flatMap((line) => {
    const [mount = '', kind = ''] = line.split(' - ');
    const [, , , root, mountPoint] = mount.split(' ');
    const [type, , options = ''] = kind.split(' ');
    const isWanted =
      controller === null ? type === 'cgroup2' : type === 'cgroup' && options.split(',').includes(controller);
    if (!isWanted || root === undefined || mountPoint === undefined) return [];
    return [{ root: unescaped(root), mountPoint: unescaped(mountPoint) }];
  });
}

/** Blanks and backslashes stand there as three octal digits. */
function unescaped(path: string): string {
  return path.replaceAll(/\\([0-7]{3})/g, (_all, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 8)),
  );
}

function canWrite(path: string): boolean {
  try {
    accessSync(path, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}
