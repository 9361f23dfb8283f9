import { DEFAULT_PROBE_TIMES, type Probe, type ServiceDefinition } from '../../domain/service-definition.ts';
import { isOnce, tryProbe } from './probe-attempt.ts';
import { ProbeLoop } from './probe-loop.ts';
import { ProbeTally } from './probe-tally.ts';
import type { ProbedJob, ProbeResult } from './probed-job.ts';
import { SilenceWatch, type OnSilence } from './silence-watch.ts';

/** Milliseconds between the tries of a readiness probe with the default period, until it is a yes. */
const FIRST_READINESS_PERIOD_MS = 1_000;

/** All of them are called from a timer or a promise, never while the watch is made; none may throw. */
export interface ProbeListeners {
  /**
   * The readiness probe has turned, or says no for another reason than before. Never called where there is none: such a
   * service is ready as it runs.
   */
  readonly onReadiness: (isReady: boolean, message: string) => void;
  /** The liveness probe has said no, once and for all. */
  readonly onDead: (message: string) => void;
  readonly onSilence: OnSilence;
}

export interface ProbeWatchOptions {
  readonly definition: Pick<ServiceDefinition, 'readiness' | 'liveness' | 'silenceAlarmMs'>;
  readonly job: ProbedJob;
  /** Whether a former server has found it ready: it is then taken to be, until it is not. Default: false. */
  readonly wasReady?: boolean;
  readonly listeners: ProbeListeners;
}

/**
 * Guard of the probes and the silence alarm of one running job. It knows nothing of what follows from them.
 *
 * Readiness begins with the program, counted from its start; it may be lost and come again. Liveness begins when readiness
 * has been there once, but not before its own initial delay. Disposal releases timers, sockets, children and subscriptions
 * synchronously, also while a try is under way, and leaves no callback.
 * Known gap: a DNS lookup cannot be taken back; its answer comes to nothing.
 */
export class ProbeWatch implements Disposable {
  readonly #job: ProbedJob;
  readonly #listeners: ProbeListeners;
  readonly #readiness: ProbeLoop | undefined;
  readonly #silence: SilenceWatch | undefined;
  #liveness: ProbeLoop | undefined;

  constructor({ definition, job, wasReady = false, listeners }: ProbeWatchOptions) {
    this.#job = job;
    this.#listeners = listeners;
    const { readiness, liveness, silenceAlarmMs } = definition;
    if (silenceAlarmMs !== null)
      this.#silence = new SilenceWatch(job, silenceAlarmMs, (...facts) => listeners.onSilence(...facts));
    if (readiness !== null) this.#readiness = this.#watchReadiness(readiness, liveness, wasReady);
    if (liveness !== null && (readiness === null || wasReady)) this.#watchLiveness(liveness);
  }

  [Symbol.dispose](): void {
    this.#readiness?.[Symbol.dispose]();
    this.#liveness?.[Symbol.dispose]();
    this.#silence?.[Symbol.dispose]();
  }

  #watchReadiness(probe: Probe, liveness: Probe | null, wasReady: boolean): ProbeLoop | undefined {
    if (isOnce(probe.action) && wasReady) return undefined;
    const tally = new ProbeTally(probe, wasReady);
    let hasBeenReady = wasReady;
    let objection: string | null = null;
    return this.#loop(probe, ({ isOk, message }) => {
      const hasTurned = tally.add(isOk);
      if (hasTurned && isOk && !hasBeenReady) {
        hasBeenReady = true;
        if (liveness !== null) this.#watchLiveness(liveness);
      }
      const isNews = !isOk && !tally.isYes && message !== objection;
      if (hasTurned || isNews) this.#listeners.onReadiness(tally.isYes, message);
      objection = isOk || tally.isYes ? null : message;
      if (isOnce(probe.action) && tally.isYes) return null;
      const isHurried = !hasBeenReady && probe.periodMs === DEFAULT_PROBE_TIMES.periodMs;
      return isHurried ? FIRST_READINESS_PERIOD_MS : probe.periodMs;
    });
  }

  #watchLiveness(probe: Probe): void {
    const tally = new ProbeTally(probe, true);
    this.#liveness = this.#loop(probe, ({ isOk, message }) => {
      if (!tally.add(isOk)) return probe.periodMs;
      this.#listeners.onDead(message);
      return null;
    });
  }

  #loop(probe: Probe, onResult: (result: ProbeResult) => number | null): ProbeLoop {
    const { clock, startedMonotonicMs } = this.#job;
    return new ProbeLoop({
      clock,
      firstDelayMs: Math.max(0, startedMonotonicMs + probe.initialDelayMs - clock.monotonicMs()),
      timeoutMs: isOnce(probe.action) ? null : probe.timeoutMs,
      attempt: (signal) => tryProbe(probe.action, this.#job, signal),
      onResult,
    });
  }
}
