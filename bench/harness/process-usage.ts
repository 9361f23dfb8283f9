import { readFileSync, writeFileSync } from 'node:fs';

/** The unit of /proc/PID/stat (proc(5)); 100 on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100;

export interface Usage {
  /** Of all threads, user and system together. */
  readonly cpuSeconds: number;
  readonly peakRssMiB: number;
}

/** Measures processes, all together, from now until it is asked. */
export class UsageWatch {
  readonly #pids: readonly number[];
  readonly #cpuAtStart: number;

  constructor(pids: readonly number[]) {
    this.#pids = pids;
    // Sets the peak back to what is resident now (proc(5), clear_refs).
    for (const pid of pids) writeFileSync(`/proc/${pid}/clear_refs`, '5');
    this.#cpuAtStart = this.#cpuSeconds();
  }

  read(): Usage {
    const peaks = this.#pids.map((pid) => statusMiB(pid, 'VmHWM'));
    return {
      cpuSeconds: this.#cpuSeconds() - this.#cpuAtStart,
      peakRssMiB: peaks.reduce((sum, peak) => sum + peak, 0),
    };
  }

  #cpuSeconds(): number {
    return this.#pids.reduce((sum, pid) => sum + cpuSeconds(pid), 0);
  }
}

/** What is resident now. */
export function rssMiB(pid: number): number {
  return statusMiB(pid, 'VmRSS');
}

function statusMiB(pid: number, field: string): number {
  const status = readFileSync(`/proc/${pid}/status`, 'latin1');
  return Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(status)?.[1]) / 1_024;
}

function cpuSeconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  // The name, in parentheses, can hold anything. utime and stime are fields 14 and 15.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}
