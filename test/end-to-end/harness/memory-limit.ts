import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ownCgroups } from '../../../src/supervisor/cgroup.ts';

/** Guard of a cgroup whose processes share a limited amount of memory. All of them must have gone when it is disposed. */
export class MemoryLimit implements Disposable {
  readonly #path: string;

  private constructor(path: string) {
    this.#path = path;
  }

  /** `null` where this user cannot make one on this machine. */
  static tryMake(bytes: number): MemoryLimit | null {
    const mountInfo = readFileSync('/proc/self/mountinfo', 'utf8');
    const own = readFileSync('/proc/self/cgroup', 'utf8');
    const places = [
      ...ownCgroups(mountInfo, own, null).map((path) => ({ path, limit: 'memory.max' })),
      ...ownCgroups(mountInfo, own, 'memory').map((path) => ({ path, limit: 'memory.limit_in_bytes' })),
    ];
    for (const { path, limit } of places) {
      const made = join(path, `lifeline-test-${String(process.pid)}`);
      try {
        mkdirSync(made);
      } catch {
        continue;
      }
      if (existsSync(join(made, limit))) {
        writeFileSync(join(made, limit), String(bytes));
        return new MemoryLimit(made);
      }
      rmdirSync(made);
    }
    return null;
  }

  /** A program that moves itself into it and becomes what follows. */
  get wrapper(): string[] {
    return ['sh', '-c', 'echo $$ >"$0/cgroup.procs" && exec "$@"', this.#path];
  }

  [Symbol.dispose](): void {
    rmdirSync(this.#path);
  }
}
