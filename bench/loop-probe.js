/**
 * Loaded into a server before it starts (`node --import`): at each SIGUSR2 it writes how long the event loop was held since
 * the one before, in milliseconds, to the file that LOOP_PROBE_FILE names.
 */
import { renameSync, writeFileSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import process from 'node:process';

const RESOLUTION_MS = 5;
const path = process.env['LOOP_PROBE_FILE'];
const seen = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
seen.enable();
// A histogram holds the time between two looks, in nanoseconds: what is above the wanted pause was delay.
const delayMs = (nanoseconds) => Math.max(0, nanoseconds / 1e6 - RESOLUTION_MS);
process.on('SIGUSR2', () => {
  writeFileSync(
    `${path}.part`,
    JSON.stringify({ p99Ms: delayMs(seen.percentile(99)), longestMs: delayMs(seen.max) }),
  );
  renameSync(`${path}.part`, path);
  seen.reset();
});
