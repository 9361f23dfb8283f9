import { spawn } from 'node:child_process';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { plainLine, type PlainLine } from '../documents/document.ts';
import { printCommand } from '../harness/lines-file.ts';
import type { StockChannel } from './stock-schema.ts';

/** Half of what the channel holds for a subscriber. */
const MAX_UNREAD_EVENTS = 512;

/** Runs the job with a pipe, cuts its output into lines, and publishes them, in events of so many. */
export async function publishJob(
  channel: StockChannel,
  linesPath: string,
  lines: number,
  linesPerEvent: number,
): Promise<void> {
  const job = spawn('sh', ['-c', printCommand(linesPath, lines)], { stdio: ['ignore', 'pipe', 'inherit'] });
  job.stdout.setEncoding('utf8');
  let seq = 0;
  let events = 0;
  let rest = '';
  let batch: PlainLine[] = [];
  const flush = async (): Promise<void> => {
    if (batch.length === 0) return;
    channel.publish({ jobId: '1', lastSeq: seq, lines: batch });
    batch = [];
    events++;
    // Half of the room is looked at seldom: the look is at every subscriber.
    if (events % (MAX_UNREAD_EVENTS / 2) !== 0) return;
    while (channel.subscribers > 0 && events - channel.leastTaken > MAX_UNREAD_EVENTS) await nextTurn();
  };
  for await (const chunk of job.stdout as AsyncIterable<string>) {
    const texts = (rest + chunk).split('\n');
    rest = texts.pop() ?? '';
    const nowMs = Date.now();
    for (const text of texts) {
      batch.push(plainLine(++seq, text, nowMs));
      if (batch.length === linesPerEvent) await flush();
    }
  }
  await flush();
  channel.publish('end');
}
