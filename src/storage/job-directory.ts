import { join } from 'node:path';
import type { JobId } from '../domain/job-id.ts';
import type { LogStream } from '../domain/log-line.ts';

/** Where the files of one job are. Names only; owning and writing them is each part's own business. */
export class JobDirectory {
  readonly jobId: JobId;
  readonly path: string;

  constructor(jobsPath: string, jobId: JobId) {
    this.jobId = jobId;
    this.path = join(jobsPath, String(jobId));
  }

  /** What the job runs; immutable, written before the row. */
  get specPath(): string {
    return join(this.path, 'spec.json');
  }
  /** There where the job has secrets, which are masked in its log; empty. */
  get maskedPath(): string {
    return join(this.path, 'masked');
  }
  /** One JSON object a line for each transition with its facts, written before the database. */
  get transitionsPath(): string {
    return join(this.path, 'transitions.jsonl');
  }
  /** Who the processes of the job are; written before its gate opens. */
  get identityPath(): string {
    return join(this.path, 'identity.json');
  }
  /** One fixed-size record a batch: order, time and numbering of the lines. */
  get indexPath(): string {
    return join(this.path, 'index');
  }
  /** Up to where numbers of lines may have been given: ahead of them, and on the disk. Gone at the end. */
  get seqMarkPath(): string {
    return join(this.path, 'seq-mark');
  }
  /** From where on the log is kept; there is none while all of it is. */
  get keptPath(): string {
    return join(this.path, 'kept');
  }
  /** Who the sinks are, since they were stopped for the first time. */
  get sinksPath(): string {
    return join(this.path, 'sinks.json');
  }
  /** Prefilled, of fixed size, written in place by the shim. */
  get exitRecordPath(): string {
    return join(this.path, 'exit');
  }
  /** By what the job's processes are held together. */
  get holderPath(): string {
    return join(this.path, 'holder.json');
  }
  /** Who of the job's processes is known by descent alone. */
  get strayPath(): string {
    return join(this.path, 'strays');
  }
  /** Whether the stop command has begun, and what became of it. */
  get stopCommandPath(): string {
    return join(this.path, 'stop-command.json');
  }
  /** There while retention is to leave the job alone; empty. */
  get pinPath(): string {
    return join(this.path, 'pinned');
  }
  /** Shell text that becomes the program; gone once it runs. */
  get launchScriptPath(): string {
    return join(this.path, 'launch.sh');
  }
  /** The program's standard input, where it has one; gone once it runs. */
  get stdinPath(): string {
    return join(this.path, 'stdin');
  }
  /** What the shim's own shell and sinks say; never part of the log. */
  get shimErrorsPath(): string {
    return join(this.path, 'shim.err');
  }
  /** The bytes of one stream, as the program wrote them. */
  logPath(stream: LogStream): string {
    return join(this.path, stream === 'STDOUT' ? 'stdout' : 'stderr');
  }
}
