import type { StreamShape } from '../reader/read-order.ts';
import { FILE_LINES } from './lines-file.ts';
import type { BenchContext } from './context.ts';
import { Deadline } from './deadline.ts';
import { UsageWatch } from './process-usage.ts';
import { Reading } from './reading.ts';
import { sharedNowMs } from './shared-clock.ts';

/** One log of so many lines, ready to begin. */
export interface PreparedLog {
  /** On 127.0.0.1. */
  readonly port: number;
  /** The processes behind it, measured together. */
  readonly pids: readonly number[];
  /** The bytes of the HTTP request that subscribe to it. */
  readonly request: string;
  readonly shape: StreamShape;
  /** The seq behind which its readers begin; 0 by default. */
  readonly after?: number;
  /** What reads it; by default the readers of HTTP. */
  readonly readerScript?: string;
  begin(): void;
}

/** Something that delivers lines to readers: Lifeline, the raw limit, a peer. Whoever opens it disposes it. */
export interface LineSource extends AsyncDisposable {
  readonly name: string;
  /** @throws Error if a line was lost or came twice */
  deliver(readers: number, lines: number): Promise<Delivery>;
}

/** One that is not through by then is taken for one that hangs. */
const MAX_DELIVERY_MS = 120_000;

export interface Delivery {
  /** From the moment at which the job may begin to the last line at the last reader. */
  readonly seconds: number;
  /** Over all readers. */
  readonly lines: number;
  readonly linesPerEvent: number;
  readonly serverCpuSeconds: number;
  readonly serverPeakRssMiB: number;
  /** How busy the readers' process was, 0 to 1 and a little more: near 1 it is what was measured. */
  readonly readerLoad: number;
  readonly sample: string;
}

/** Delivers a prepared log to readers in a process of their own, and measures the ones behind it. */
export async function deliver(
  log: PreparedLog,
  readers: number,
  lines: number,
  { signal }: BenchContext,
): Promise<Delivery> {
  const order = {
    port: log.port,
    groups: [{ request: log.request, readers }],
    shape: log.shape,
    after: log.after ?? 0,
    lastSeq: (log.after ?? 0) + lines,
    textCycle: FILE_LINES,
    takesLatencies: false,
    stalls: false,
  };
  using deadline = new Deadline(MAX_DELIVERY_MS, signal);
  using reading = await Reading.begin(order, deadline.signal, log.readerScript);
  const watch = new UsageWatch(log.pids);
  const beganAtMs = sharedNowMs();
  log.begin();
  const report = await reading.finish();
  const { cpuSeconds, peakRssMiB } = watch.read();
  // A log that has ended already comes as soon as it is asked for.
  const seconds = (report.lastLineAtMs - Math.min(beganAtMs, report.firstLineAtMs)) / 1_000;
  return {
    seconds,
    lines: report.lines,
    linesPerEvent: report.lines / report.events,
    serverCpuSeconds: cpuSeconds,
    serverPeakRssMiB: peakRssMiB,
    readerLoad: report.cpuSeconds / seconds,
    sample: report.sample,
  };
}
