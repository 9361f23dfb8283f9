import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createLifelineClient, type JobLogEvent } from '../../src/client/client.ts';
import { LifelineServer } from '../end-to-end/harness/lifeline-server.ts';
import { orderService, saveService, stopAll } from '../end-to-end/harness/services.ts';

let server: LifelineServer;
beforeEach(async () => {
  server = await LifelineServer.start();
});
afterEach(async () => {
  await using ended = server;
  await stopAll(ended);
  await ended.assertNothingIsLeft();
});

/** Each life counts to 40 and ends with a failure. */
const COUNTS = 'i=0; while [ $i -lt 40 ]; do i=$((i + 1)); echo $i; sleep 0.02; done; exit 1';

interface Told {
  /** By the id of the job: the lines, and whether its end was told. */
  readonly lives: Map<string, { readonly texts: string[]; ends: number }>;
}

function tell({ lives }: Told, event: JobLogEvent): string {
  const jobId = event.__typename === 'LogDone' ? event.job.id : event.jobId;
  const life = lives.get(jobId) ?? { texts: [], ends: 0 };
  lives.set(jobId, life);
  if (event.__typename === 'LogLines') life.texts.push(...event.lines.map(({ text }) => text));
  if (event.__typename === 'LogDone') life.ends += 1;
  return jobId;
}

describe('following a service', () => {
  it('goes from one job to the next, each line and each end once, while the server is killed again and again', async () => {
    await saveService(server, {
      name: 'count',
      script: COUNTS,
      restart: { policy: 'ALWAYS', firstDelayMs: 50, maxDelayMs: 50, maxFailures: 100 },
    });
    await orderService(server, 'startService', 'count');
    const client = createLifelineClient({ url: server.url, token: server.token });
    const told: Told = { lives: new Map() };
    const stop = new AbortController();
    let restarts = Promise.resolve();
    const killAt = [20, 70, 130];
    let lineCount = 0;
    for await (const event of client.followServiceLogs('count', { signal: stop.signal })) {
      tell(told, event);
      if (event.__typename === 'LogLines') lineCount += event.lines.length;
      if (lineCount >= (killAt[0] ?? Infinity)) {
        killAt.shift();
        restarts = restarts.then(() => server.restart('SIGKILL'));
      }
      if ([...told.lives.values()].filter(({ ends }) => ends > 0).length >= 5) stop.abort();
    }
    await restarts;
    expect(killAt).toEqual([]);
    const ended = [...told.lives.values()].filter(({ ends }) => ends > 0);
    expect(ended).toEqual(
      Array.from({ length: 5 }, () => ({
        texts: Array.from({ length: 40 }, (_, index) => String(index + 1)),
        ends: 1,
      })),
    );
    const ids = [...told.lives.keys()].map(Number);
    expect(ids).toEqual([...ids].sort((a, b) => a - b));
  });

  it('goes on behind a line that was seen, of a job that has ended long ago', async () => {
    await saveService(server, { name: 'count', script: COUNTS, restart: { policy: 'NEVER' } });
    await orderService(server, 'startService', 'count');
    const client = createLifelineClient({ url: server.url, token: server.token });
    const first: Told = { lives: new Map() };
    let jobId = '';
    for await (const event of client.followServiceLogs('count')) {
      jobId = tell(first, event);
      if (event.__typename === 'LogDone') break;
    }
    const again: Told = { lives: new Map() };
    for await (const event of client.followServiceLogs('count', { after: { jobId, seq: 37 } })) {
      tell(again, event);
      if (event.__typename === 'LogDone') break;
    }
    expect(again.lives.get(jobId)).toEqual({ texts: ['38', '39', '40'], ends: 1 });
  });
});
