import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { beforeEach, describe, expect, it } from 'vitest';
import { DEFAULT_PROBE_TIMES, type Probe, type ProbeAction } from '../../../src/domain/service-definition.ts';
import { LogEventBus } from '../../../src/logs/log-event-bus.ts';
import { ProbeWatch, type ProbeWatchOptions } from '../../../src/supervisor/services/probe-watch.ts';
import type { ProbedJob } from '../../../src/supervisor/services/probed-job.ts';
import { isRunning, processesMentioning } from '../../end-to-end/harness/processes.ts';
import { untilTrue } from '../../end-to-end/harness/until-true.ts';
import { checkLeaks } from '../../logs/leak-check.ts';
import { FakeClock } from './fake-clock.ts';
import { ProbeJob } from './probe-job.ts';

let bus = new LogEventBus();
beforeEach(() => {
  bus = new LogEventBus();
});
checkLeaks(() => bus);

const probe = (action: ProbeAction, times: Partial<Probe> = {}): Probe => ({
  action,
  ...DEFAULT_PROBE_TIMES,
  periodMs: 100,
  ...times,
});
const exec = (script: string): ProbeAction => ({ kind: 'EXEC', command: ['sh', '-c', script] });
const IS_UP = exec('[ -e up ]');

/** A watch over a job, and all that it told. */
class Watched implements Disposable {
  readonly job = new ProbeJob(bus);
  readonly told: string[] = [];
  /** Why it was not ready. */
  readonly objections: string[] = [];
  readonly watch: ProbeWatch;

  constructor(
    definition: Partial<ProbeWatchOptions['definition']>,
    facts: Partial<ProbedJob> = {},
    wasReady = false,
  ) {
    this.watch = new ProbeWatch({
      definition: { readiness: null, liveness: null, silenceAlarmMs: null, ...definition },
      job: this.job.probed(facts),
      wasReady,
      listeners: {
        onReadiness: (isReady, message) => {
          this.told.push(isReady ? 'ready' : 'not ready');
          if (!isReady) this.objections.push(message);
        },
        onDead: (message) => void this.told.push(`dead: ${message}`),
        onSilence: (isSilent) => void this.told.push(isSilent ? 'silent' : 'heard'),
      },
    });
  }

  up(): void {
    writeFileSync(`${this.job.scratch.root}/up`, '');
  }

  down(): void {
    rmSync(`${this.job.scratch.root}/up`);
  }

  [Symbol.dispose](): void {
    this.watch[Symbol.dispose]();
    this.job[Symbol.dispose]();
  }
}

describe('the watch over a running job', () => {
  it('tells when it is ready, when that is lost, and when it is there again', async () => {
    using watched = new Watched({ readiness: probe(IS_UP, { failureThreshold: 2 }) });
    watched.up();
    await untilTrue(() => watched.told.length === 1);
    watched.down();
    await untilTrue(() => watched.told.length === 2);
    watched.up();
    await untilTrue(() => watched.told.length === 3);
    expect(watched.told).toEqual(['ready', 'not ready', 'ready']);
  });

  it('tells why it is not ready, and why else, once each', async () => {
    using watched = new Watched({
      readiness: probe(exec('[ -e up ] && { echo warming up; exit 2; }; echo no answer; exit 1')),
    });
    await untilTrue(() => watched.objections.length === 1);
    watched.up();
    await untilTrue(() => watched.objections.length === 2);
    expect(watched.objections).toEqual([
      'sh: It ended with exit code 1: no answer',
      'sh: It ended with exit code 2: warming up',
    ]);
  });

  it('asks whether it is alive only once it has been ready, and tells that it is dead once', async () => {
    using watched = new Watched({
      readiness: probe(IS_UP),
      liveness: probe(exec('[ -e up ] || { echo no answer; exit 1; }'), { failureThreshold: 2 }),
    });
    watched.up();
    await untilTrue(() => watched.told.includes('ready'));
    watched.down();
    await untilTrue(() => watched.told.length === 3);
    expect(watched.told.toSorted()).toEqual([
      'dead: sh: It ended with exit code 1: no answer',
      'not ready',
      'ready',
    ]);
  });

  it('takes an answer that does not come in time for a no, and leaves no process of it', async () => {
    using watched = new Watched({
      liveness: probe(exec('sleep 1000'), { timeoutMs: 50, failureThreshold: 3 }),
    });
    await untilTrue(() => watched.told.length === 1);
    expect(watched.told).toEqual(['dead: It took longer than 50 ms.']);
    await untilTrue(() => processesMentioning(watched.job.scratch.root).length === 0);
  });

  it('asks a real HTTP server, whose answers change', async () => {
    let status = 503;
    const server = createServer((_request, response) => response.writeHead(status).end());
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const url = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}/`;
    {
      using watched = new Watched({ readiness: probe({ kind: 'HTTP', url, status: null }) });
      await untilTrue(() => watched.told.length === 1);
      status = 200;
      await untilTrue(() => watched.told.length === 2);
      server.close();
      await once(server, 'close');
      await untilTrue(() => watched.told.length === 3);
      expect(watched.told).toEqual(['not ready', 'ready', 'not ready']);
    }
  });

  it('is ready for ever once a line has matched', async () => {
    using watched = new Watched({
      readiness: probe({ kind: 'LOG', pattern: '^3$', stream: null }),
    });
    watched.job.writer.write('STDOUT', 10);
    await untilTrue(() => watched.told.length === 1);
    expect([watched.told, bus.subscribers]).toEqual([['ready'], 0]);
  });

  it.each(['EXEC', 'HTTP', 'TCP', 'LOG'] as const)(
    'leaves nothing and tells nothing when it is disposed of while a try by %s is under way',
    async (kind) => {
      const server = createServer(); // It takes connections and never answers.
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      const { port } = server.address() as AddressInfo;
      const actions: Record<typeof kind, ProbeAction> = {
        EXEC: exec('trap "" TERM; echo $$ >pid; sleep 1000; exit 1'),
        HTTP: { kind: 'HTTP', url: `http://127.0.0.1:${String(port)}/`, status: null },
        TCP: { kind: 'TCP', host: '127.0.0.1', port },
        LOG: { kind: 'LOG', pattern: 'never', stream: null },
      };
      const times = { failureThreshold: 1, timeoutMs: 60_000 };
      using watched = new Watched({ readiness: probe(actions[kind], times), silenceAlarmMs: 1_000_000 });
      const isUnderWay: Record<typeof kind, () => boolean | number> = {
        EXEC: () => Number(readFileSync(`${watched.job.scratch.root}/pid`, 'utf8')) > 0,
        HTTP: () => server.listenerCount('request') === 0,
        TCP: () => true,
        LOG: () => bus.subscribers === 2,
      };
      await untilTrue(isUnderWay[kind]);
      const pid = kind === 'EXEC' ? Number(readFileSync(`${watched.job.scratch.root}/pid`, 'utf8')) : null;
      watched.watch[Symbol.dispose]();
      expect(bus.subscribers).toBe(0);
      if (pid !== null) await untilTrue(() => !isRunning(pid));
      server.close();
      await once(server, 'close'); // Every connection is gone.
      expect(watched.told.filter((told) => told !== 'ready')).toEqual([]);
    },
  );
});

describe('the times of the watch over a running job', () => {
  const delay = (delayMs: number): ProbeAction => ({ kind: 'DELAY', delayMs });

  it('count from the start of the program, also where that was under a former server', () => {
    const clock = new FakeClock();
    using _watched = new Watched(
      {
        readiness: probe(IS_UP, { initialDelayMs: 30_000 }),
        silenceAlarmMs: null,
      },
      { clock, startedMonotonicMs: -20_000 },
    );
    expect(clock.nextMs).toBe(10_000);
  });

  it('of a delay are those since the start', async () => {
    const clock = new FakeClock();
    using watched = new Watched({ readiness: probe(delay(5_000)) }, { clock, startedMonotonicMs: -1_000 });
    clock.advance(0);
    expect(clock.nextMs).toBe(4_000);
    clock.advance(4_000);
    await untilTrue(() => watched.told.length === 1);
    expect([watched.told, clock.pending]).toEqual([['ready'], 0]);
  });

  it('let no question for life come before its own delay, with or without readiness', async () => {
    const clock = new FakeClock();
    const liveness = probe(IS_UP, { initialDelayMs: 20_000 });
    using alone = new Watched({ liveness }, { clock, startedMonotonicMs: 0 });
    expect(clock.nextMs).toBe(20_000);
    alone.watch[Symbol.dispose]();
    bus = new LogEventBus();
    using watched = new Watched(
      { readiness: probe(delay(5_000)), liveness },
      { clock, startedMonotonicMs: 0 },
    );
    clock.advance(0);
    clock.advance(5_000);
    await untilTrue(() => watched.told.length === 1);
    expect(clock.nextMs).toBe(15_000);
  });

  it('are a second for a readiness probe with the default period, until it has been ready', async () => {
    const clock = new FakeClock();
    using watched = new Watched(
      { readiness: { action: IS_UP, ...DEFAULT_PROBE_TIMES, timeoutMs: 60_000 } },
      { clock, startedMonotonicMs: 0 },
    );
    clock.advance(0);
    await untilTrue(() => clock.nextMs === 1_000);
    watched.up();
    clock.advance(1_000);
    await untilTrue(() => watched.told.includes('ready'));
    expect(clock.nextMs).toBe(10_000);
  });

  it('go on where a former server has found it ready: no question by its log, and the one for life at once', () => {
    const clock = new FakeClock();
    using watched = new Watched(
      { readiness: probe({ kind: 'LOG', pattern: 'x', stream: null }), liveness: probe(IS_UP) },
      { clock, startedMonotonicMs: -1_000 },
      true,
    );
    expect([clock.pending, clock.nextMs, bus.subscribers]).toEqual([1, 0, 0]);
    expect(watched.told).toEqual([]);
  });
});
