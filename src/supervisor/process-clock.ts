import { readFileSync } from 'node:fs';
import type { ProcessIdentity } from '../domain/process-identity.ts';
import { readProcess } from './process-table.ts';

/** USER_HZ, in which /proc counts on every architecture that Node runs on. Source: time(7). */
const TICKS_PER_SECOND = 100;
/** How far the two sources may be apart before they are taken for two clocks. */
const TOLERANCE_MS = 1_000;

/**
 * Milliseconds since a process of this boot started, whether it lives or not. A wall clock that jumps does not change
 * it; time for which the machine was suspended counts, as it does for the wall clock.
 * `null` where /proc/uptime is not on the clock of start times, such as in a container to which lxcfs shows its own.
 * Source: proc_uptime(5), proc_pid_stat(5) field 22; both are CLOCK_BOOTTIME.
 */
export function processAgeMs({ startTicks }: ProcessIdentity): number | null {
  const uptimeMs = bootClockMs();
  const own = readProcess(process.pid);
  if (uptimeMs === null || own === undefined) return null;
  if (ticksToMs(own.startTicks) + process.uptime() * 1_000 > uptimeMs + TOLERANCE_MS) return null;
  const ageMs = uptimeMs - ticksToMs(startTicks);
  return ageMs < -TOLERANCE_MS ? null : Math.max(0, ageMs);
}

/**
 * Milliseconds since an event of this boot.
 * @param at.uptimeMs what `bootClockMs` said then; `null` where it is not known
 * @param at.wallMs milliseconds since the Unix epoch; counts where the other does not
 */
export function sinceMs(at: { readonly uptimeMs: number | null; readonly wallMs: number }): number {
  const uptimeMs = bootClockMs();
  const elapsedMs = uptimeMs === null || at.uptimeMs === null ? null : uptimeMs - at.uptimeMs;
  return Math.max(0, elapsedMs === null || elapsedMs < -TOLERANCE_MS ? Date.now() - at.wallMs : elapsedMs);
}

/** Milliseconds on a clock that nobody sets and that all processes of this boot share; `null` where there is none. Source: proc_uptime(5). */
export function bootClockMs(): number | null {
  try {
    const seconds = Number(readFileSync('/proc/uptime', 'latin1').split(' ')[0]);
    return Number.isFinite(seconds) ? seconds * 1_000 : null;
  } catch {
    return null;
  }
}

function ticksToMs(ticks: number): number {
  return (ticks * 1_000) / TICKS_PER_SECOND;
}
