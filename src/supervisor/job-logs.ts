import { basename } from 'node:path';
import type { PassCheckpoint } from '../domain/checkpoint.ts';
import { SecretsUnavailableError } from '../domain/errors.ts';
import type { LogOverflow } from '../domain/log-limit.ts';
import { BacklogBound, type OutputBrake } from '../logs/backlog-bound.ts';
import { BLIND_MASK, type StreamMask } from '../logs/blind-mask.ts';
import { DirectoryWatch } from '../logs/directory-watch.ts';
import type { LogAnomaly } from '../logs/errors.ts';
import type { HolePuncher } from '../logs/hole-puncher.ts';
import { LogCap } from '../logs/log-cap.ts';
import type { ChannelGuard } from '../logs/log-event-bus.ts';
import type { LogExtent } from '../logs/log-extent.ts';
import type { LogMasks } from '../logs/log-masks.ts';
import type { LogSettler } from '../logs/log-settler.ts';
import type { LoopShare } from '../logs/loop-share.ts';
import { Tailer, type TailerOptions } from '../logs/tailer.ts';
import type { JobDirectory } from '../storage/job-directory.ts';

/** How the log of a running job stands to its bounds. */
export interface LogPressure {
  /** Whether its output waits until what it wrote is read. */
  readonly isHeldBack: boolean;
  /** Why its oldest lines cannot be given back, in one sentence; `null` where they can, or need not. */
  readonly problem: string | null;
}

/** Guard of all that follows the files of an active job: one watch of its directory serves the log files and the exit record. */
export interface JobLogs extends Disposable {
  readonly pressure: LogPressure;
  /** Nothing of the job lives: its output is not held back any more. */
  letGo(): void;
  /** Everything that was written is numbered, within its cap, and on the disk, when this resolves; at once where there is no log to go on with. @throws LogDrainFailedError */
  drained(): Promise<void>;
}

export interface JobLogsOptions {
  readonly directory: JobDirectory;
  /** Borrowed. */
  readonly channel: ChannelGuard;
  /** Whether the log may have grown while no server was there. */
  readonly resumed: boolean;
  /** Whether the machine was restarted since: the ends of its files may be gone. */
  readonly afterLoss: boolean;
  readonly bounds: {
    readonly maxBytes: number;
    readonly overflow: LogOverflow;
    /** Borrowed. */
    readonly puncher: HolePuncher;
    /** `null` where nothing of the job can be here. */
    readonly brake: OutputBrake | null;
  };
  readonly on: {
    /** The exit record may have changed. */
    readonly exitRecord: () => void;
    /** Something is wrong with the files: once for each kind. */
    readonly anomaly: (anomaly: LogAnomaly) => void;
    /** The log has reached its cap, and the job is to be ended for that. */
    readonly limit: () => void;
  };
  /** Borrowed. */
  readonly masks: LogMasks;
  /** Borrowed: of all jobs of the server. */
  readonly share: LoopShare;
  /** Borrowed: of all jobs of the server. */
  readonly settler: LogSettler;
  readonly pass: PassCheckpoint;
}

/** A log that cannot be gone on with is told as an anomaly: its job runs on without one. */
export function openJobLogs({
  directory,
  channel,
  resumed,
  afterLoss,
  bounds,
  on,
  masks,
  share,
  settler,
  pass,
}: JobLogsOptions): JobLogs {
  const mask = maskOf(masks, directory);
  const { brake, ...capOptions } = bounds;
  const onProblem = (problem: string): void => {
    on.anomaly({ kind: 'NOT_TRIMMED', problem });
  };
  const look = (extent: LogExtent): boolean => {
    cap.check(extent);
    backlog?.check(Math.max(extent.backlogBytes, cap.excessBytes));
    return backlog?.isFlooding ?? false;
  };
  const onTrimmed = (): void => {
    if (tailer !== undefined) look(tailer.extent);
  };
  const cap = new LogCap({
    directory,
    ...capOptions,
    contextBytes: mask?.contextBytes ?? 0,
    onLimit: on.limit,
    onTrimmed,
    onProblem,
    pass,
  });
  const backlog = brake === null ? null : new BacklogBound(brake, bounds.maxBytes);
  const tailer = openTailer({
    directory,
    channel,
    mask,
    resumed,
    afterLoss,
    onAnomaly: on.anomaly,
    onGrowth: look,
    pass,
    share,
  });
  try {
    const indexName = basename(directory.indexPath);
    const watch = new DirectoryWatch(directory.path, (fileName) => {
      // The tailer's own writing: each of its turns would be the reason for another.
      if (fileName === indexName) return;
      tailer?.poke();
      if (fileName === null || fileName === 'exit') on.exitRecord();
    });
    tailer?.poke();
    return {
      get pressure() {
        return { isHeldBack: backlog?.isHeld ?? false, problem: cap.problem };
      },
      letGo: () => {
        backlog?.[Symbol.dispose]();
      },
      drained: async () => {
        if (tailer === undefined) return;
        await tailer.drain();
        await cap.settle(tailer.extent);
        await settler.settle(directory).catch((error: unknown) => {
          on.anomaly({ kind: 'NOT_SETTLED', error });
        });
      },
      [Symbol.dispose]: () => {
        backlog?.[Symbol.dispose]();
        cap[Symbol.dispose]();
        watch[Symbol.dispose]();
        tailer?.[Symbol.dispose]();
      },
    };
  } catch (error) {
    tailer?.[Symbol.dispose]();
    throw error;
  }
}

/** Where the secrets cannot be read, the job goes on, and nobody sees what it writes until they can. */
function maskOf(masks: LogMasks, directory: JobDirectory): StreamMask | null {
  try {
    return masks.of(directory);
  } catch (error) {
    if (error instanceof SecretsUnavailableError) return BLIND_MASK;
    throw error;
  }
}

/** @throws for a job that has not begun: nothing is lost by not starting it */
function openTailer(
  options: TailerOptions & { readonly onAnomaly: (anomaly: LogAnomaly) => void },
): Tailer | undefined {
  try {
    return new Tailer(options);
  } catch (error) {
    if (!options.resumed) throw error;
    options.onAnomaly({ kind: 'UNAVAILABLE', error });
    return undefined;
  }
}
