import { createHash } from 'node:crypto';
import { accessSync, constants, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ContainmentMeans } from '../domain/containment.ts';
import type { JobDirectory } from '../storage/job-directory.ts';
import { StartupError } from '../storage/startup-error.ts';
import { cgroupHolder, makeCgroup, moveIntoCgroup, removeCgroup, writableCgroup } from './cgroup.ts';
import type { TreeRoot } from './process-tree.ts';
import { subreaperHolder } from './subreaper-holder.ts';
import { NO_HOLDER, type TreeHolder } from './tree-holder.ts';

/** How one job is held, as its directory says: so that the next server holds it, too. */
type HeldBy =
  | { readonly means: 'cgroup'; readonly path: string }
  | { readonly means: 'subreaper' }
  | { readonly means: 'none' };

export interface ContainmentOptions {
  /** `auto` takes the surest that there is. */
  readonly wanted: ContainmentMeans | 'auto';
  /** Absolute path; servers on different directories do not meet. */
  readonly dataDirectoryPath: string;
  /** Absolute path of `tini`, if there is one. */
  readonly tini: string | null;
}

/**
 * Guard of what holds the trees of this server's jobs. It is found once at start; a job is held in the same way for all its life.
 */
export class Containment implements Disposable {
  readonly means: ContainmentMeans;
  readonly #cgroup: string | null;

  private constructor(means: ContainmentMeans, cgroup: string | null) {
    this.means = means;
    this.#cgroup = cgroup;
  }

  /** @throws StartupError where what is wanted is not there */
  static find({ wanted, dataDirectoryPath, tini }: ContainmentOptions): Containment {
    if (wanted === 'auto' || wanted === 'cgroup') {
      const cgroup = cgroupFor(dataDirectoryPath);
      if (cgroup !== null) return new Containment('cgroup', cgroup);
      if (wanted === 'cgroup')
        throw new StartupError(
          'Jobs cannot be held by cgroups here: cgroup v2 is not mounted, not writable for this user, or older than Linux 5.14. ' +
            'Run the server in a unit with Delegate=yes, or choose another --containment.',
        );
    }
    if (wanted === 'auto' || wanted === 'subreaper') {
      if (tini !== null && childrenAreListed()) return new Containment('subreaper', null);
      if (wanted === 'subreaper')
        throw new StartupError(
          'Jobs cannot be held by a subreaper here: the program tini is not in PATH, or the kernel does not list children in /proc. ' +
            'Install the package tini, or choose another --containment.',
        );
    }
    return new Containment('none', null);
  }

  /** Takes hold of a program that waits at its gate. The caller owns the holder. @throws where the kernel refuses; nothing is held then */
  async hold(directory: JobDirectory, root: TreeRoot): Promise<TreeHolder> {
    const heldBy = await this.#takeHold(directory.jobId, root);
    writeFileSync(directory.holderPath, `${JSON.stringify(heldBy)}\n`, { mode: 0o600 });
    return holderOf(heldBy, directory, root);
  }

  /** The holder of a job that a former server started. The caller owns it. */
  static resume(directory: JobDirectory, root: TreeRoot): TreeHolder {
    return holderOf(readHeldBy(directory.holderPath), directory, root);
  }

  /** The group of all jobs goes when none of them is left. */
  [Symbol.dispose](): void {
    if (this.#cgroup !== null) removeCgroup(this.#cgroup);
  }

  async #takeHold(jobId: number, root: TreeRoot): Promise<HeldBy> {
    if (this.#cgroup === null) return { means: this.means === 'subreaper' ? 'subreaper' : 'none' };
    const path = join(this.#cgroup, `job-${String(jobId)}`);
    makeCgroup(path);
    await moveIntoCgroup(path, root.program.pid);
    return { means: 'cgroup', path };
  }
}

function holderOf(heldBy: HeldBy, directory: JobDirectory, root: TreeRoot): TreeHolder {
  if (heldBy.means === 'cgroup') return cgroupHolder(heldBy.path);
  if (heldBy.means === 'subreaper') return subreaperHolder(root.shim, directory.exitRecordPath);
  return NO_HOLDER;
}

function readHeldBy(path: string): HeldBy {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as HeldBy;
  } catch {
    return { means: 'none' }; // Its launch had not come that far.
  }
}

function cgroupFor(dataDirectoryPath: string): string | null {
  try {
    const parent = writableCgroup(
      readFileSync('/proc/self/mountinfo', 'utf8'),
      readFileSync('/proc/self/cgroup', 'utf8'),
    );
    if (parent === null) return null;
    const name = createHash('sha256').update(dataDirectoryPath).digest('hex').slice(0, 16);
    const path = join(parent, `lifeline-${name}`);
    makeCgroup(path);
    return path;
  } catch {
    return null;
  }
}

/** The shim has to see whether its subreaper has other children (a kernel with CONFIG_PROC_CHILDREN). */
function childrenAreListed(): boolean {
  try {
    accessSync(`/proc/self/task/${String(process.pid)}/children`, constants.R_OK);
    return true;
  } catch {
    return false;
  }
}
