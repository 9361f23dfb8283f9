import { spawn, type ChildProcess } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { isRunning } from '../end-to-end/harness/processes.ts';

/** Guard of a process that has nothing to do with any job, and the pid of one. Works in a pid namespace of our own. */
export class Stranger implements Disposable {
  readonly pid: number;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, pid: number) {
    this.#child = child;
    this.pid = pid;
  }

  /** @throws Error where the kernel does not give the pid, though it is free */
  static async withPid(pid: number): Promise<Stranger> {
    for (let attempt = 0; attempt < 20 && !isRunning(pid); attempt += 1) {
      writeFileSync('/proc/sys/kernel/ns_last_pid', String(pid - 1));
      const child = spawn('sleep', ['1000'], { detached: true, stdio: 'ignore' });
      if (child.pid === pid) return new Stranger(child, pid);
      child.kill('SIGKILL');
      await new Promise((resolve) => child.once('exit', resolve));
    }
    throw new Error(`pid ${pid} could not be reused`);
  }

  [Symbol.dispose](): void {
    this.#child.kill('SIGKILL');
  }
}
