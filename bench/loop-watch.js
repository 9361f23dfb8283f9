/**
 * Loaded into a server before it starts (`node --import`): writes how long the event loop was held, in milliseconds, to
 * the file that LOOP_WATCH_FILE names, 10 s after its start. Before the ready line and after it are counted apart.
 */
import { renameSync, writeFileSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import process from 'node:process';

const WATCHED_MS = 10_000;
const RESOLUTION_MS = 5;
const path = process.env['LOOP_WATCH_FILE'];

const phases = { beforeReady: monitorEventLoopDelay({ resolution: RESOLUTION_MS }) };
phases.beforeReady.enable();
const write = process.stdout.write.bind(process.stdout);
process.stdout.write = (text, ...rest) => {
  if (phases.afterReady === undefined && String(text).includes('is ready at')) {
    phases.beforeReady.disable();
    phases.afterReady = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
    phases.afterReady.enable();
  }
  return write(text, ...rest);
};
setTimeout(() => {
  // A histogram holds the time between two looks, in nanoseconds: what is above the wanted pause was delay.
  const delayMs = (nanoseconds) => Math.max(0, nanoseconds / 1e6 - RESOLUTION_MS);
  const report = Object.fromEntries(
    Object.entries(phases).map(([phase, seen]) => [
      phase,
      { longestMs: delayMs(seen.max), p99Ms: delayMs(seen.percentile(99)) },
    ]),
  );
  writeFileSync(`${path}.part`, JSON.stringify(report));
  renameSync(`${path}.part`, path);
}, WATCHED_MS).unref();
