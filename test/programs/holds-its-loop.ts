/** Holds its own event loop for a while, again and again, and prints what the watch saw and told; ends when it has forgotten. */
import { setTimeout as delay } from 'node:timers/promises';
import { LoopDelayWatch } from '../../src/loop-delay.ts';

const told: number[] = [];
using watch = new LoopDelayWatch({ windowMs: 1_000, onBad: ({ p99Ms }) => told.push(p99Ms) });
let seenMs = 0;
for (let turn = 0; turn < 12; turn++) {
  const end = performance.now() + 250;
  while (performance.now() < end);
  await delay(10);
  seenMs = Math.max(seenMs, watch.read().maxMs);
}
while (watch.read().maxMs >= 150) await delay(10);
console.log(JSON.stringify({ seenMs, told }));
