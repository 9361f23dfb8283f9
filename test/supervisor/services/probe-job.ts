import { JobLogReader } from '../../../src/logs/job-log-reader.ts';
import type { ChannelGuard, LogEventBus } from '../../../src/logs/log-event-bus.ts';
import type { ProbedJob } from '../../../src/supervisor/services/probed-job.ts';
import { systemClock } from '../../../src/supervisor/system-clock.ts';
import { LogWriter } from '../../logs/log-writer.ts';
import { Scratch } from '../../logs/scratch.ts';

/** A running job for probes to look at, whose log a test writes by hand: the text of each line is its seq. */
export class ProbeJob implements Disposable {
  readonly scratch = new Scratch();
  readonly channel: ChannelGuard;
  readonly writer: LogWriter;
  readonly #bus: LogEventBus;

  constructor(bus: LogEventBus) {
    this.#bus = bus;
    this.channel = bus.open(1);
    this.writer = new LogWriter(this.scratch, this.channel);
  }

  probed(facts: Partial<ProbedJob> = {}): ProbedJob {
    return {
      jobId: 1,
      place: {
        cwd: this.scratch.root,
        environment: [
          { name: 'PATH', value: process.env['PATH']! },
          { name: 'SCRATCH', value: this.scratch.root },
        ],
        user: null,
        mask: null,
      },
      sources: {
        bus: this.#bus,
        openReader: () => JobLogReader.open(this.scratch.directory),
        outcomeIsKnown: () => Promise.resolve(true),
        isGone: () => Promise.resolve(false),
      },
      clock: systemClock,
      startedMonotonicMs: systemClock.monotonicMs(),
      ...facts,
    };
  }

  [Symbol.dispose](): void {
    this.channel[Symbol.dispose]();
    this.writer[Symbol.dispose]();
    this.scratch[Symbol.dispose]();
  }
}
