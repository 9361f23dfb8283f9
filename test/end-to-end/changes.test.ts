import { writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { cancelJob, startJob, untilOver } from './harness/jobs.ts';
import { LifelineServer } from './harness/lifeline-server.ts';
import {
  findService,
  orderService,
  saveService,
  stopAll,
  tryOrderService,
  untilState,
} from './harness/services.ts';
import type { SseStream } from './harness/sse-stream.ts';
import { untilTrue } from './harness/until-true.ts';

let server: LifelineServer;
beforeEach(async () => {
  server = await LifelineServer.start();
});
afterEach(async () => {
  await using ended = server;
  await stopAll(ended);
  await ended.assertNothingIsLeft();
});

interface Change<Row> {
  readonly kind: 'SNAPSHOT' | 'UPSERT' | 'REMOVED';
  readonly keys: readonly string[];
  readonly rows: readonly Row[];
}

/** What a list shows that does nothing but what the changes tell it. */
class ShownList<Row> {
  readonly kinds: string[] = [];
  readonly #rows = new Map<string, Row>();

  constructor(changes: readonly Change<Row>[]) {
    for (const { kind, keys, rows } of changes) {
      this.kinds.push(kind);
      if (kind === 'SNAPSHOT') this.#rows.clear();
      if (kind === 'REMOVED') for (const key of keys) this.#rows.delete(key);
      else keys.forEach((key, index) => this.#rows.set(key, rows[index]!));
    }
  }

  get rows(): Record<string, Row> {
    return Object.fromEntries(this.#rows);
  }
}

interface Result<Name extends string, Row> {
  readonly data?: Readonly<
    Record<
      Name,
      { kind: Change<Row>['kind'] } & Record<'ids' | 'names', string[]> & Record<'jobs' | 'services', Row[]>
    >
  >;
}

function shownJobs(stream: SseStream): ShownList<{ status: string }> {
  return new ShownList(
    resultsOf<'jobsChanged', { status: string }>(stream).map(({ data }) => {
      const { kind, ids, jobs } = data!.jobsChanged;
      return { kind, keys: ids, rows: jobs };
    }),
  );
}

function shownServices(stream: SseStream): ShownList<{ state: string }> {
  return new ShownList(
    resultsOf<'servicesChanged', { state: string }>(stream).map(({ data }) => {
      const { kind, names, services } = data!.servicesChanged;
      return { kind, keys: names, rows: services };
    }),
  );
}

function resultsOf<Name extends string, Row>({ events }: SseStream): Result<Name, Row>[] {
  return events
    .filter(({ event }) => event === 'next')
    .map(({ data }) => JSON.parse(data) as Result<Name, Row>)
    .filter(({ data }) => data !== undefined);
}

describe('a list of jobs', () => {
  const JOBS = 'subscription ($where: JobFilter) { jobsChanged(where: $where) { kind ids jobs { status } } }';

  it('begins with those that are there, and has each change, a new job and a deleted one', async () => {
    const old = await startJob(server, { command: ['true'], labels: ['shown'] });
    await untilOver(server, old);
    const hidden = await startJob(server, { command: ['true'] });
    await untilOver(server, hidden);
    using stream = await server.subscribe(JOBS, { where: { labels: ['shown'] } });
    await untilTrue(() => shownJobs(stream).kinds.length === 1);
    expect(shownJobs(stream)).toMatchObject({
      kinds: ['SNAPSHOT'],
      rows: { [old]: { status: 'SUCCEEDED' } },
    });

    const fresh = await startJob(server, { command: ['sleep', '600'], labels: ['shown'] });
    await untilTrue(() => shownJobs(stream).rows[fresh]?.status === 'RUNNING');
    await cancelJob(server, fresh, 0);
    await untilTrue(() => shownJobs(stream).rows[fresh]?.status === 'CANCELLED');
    await server.ask('mutation ($jobId: ID!) { deleteJob(jobId: $jobId) }', { jobId: old });
    await untilTrue(() => shownJobs(stream).kinds.includes('REMOVED'));
    expect(shownJobs(stream).rows).toEqual({ [fresh]: { status: 'CANCELLED' } });
    expect(shownJobs(stream).kinds.filter((kind) => kind === 'SNAPSHOT')).toHaveLength(1);
  });

  it('loses a job that matches no more', async () => {
    using stream = await server.subscribe(JOBS, { where: { statuses: ['RUNNING'] } });
    await untilTrue(() => shownJobs(stream).kinds.length === 1);
    expect(shownJobs(stream).rows).toEqual({});
    const jobId = await startJob(server, { command: ['sleep', '600'] });
    await untilTrue(() => jobId in shownJobs(stream).rows);
    await cancelJob(server, jobId, 0);
    await untilTrue(() => !(jobId in shownJobs(stream).rows));
  });
});

describe('a list of services', () => {
  const SERVICES =
    'subscription ($where: ServiceFilter) { servicesChanged(where: $where) { kind names services { state } } }';

  it('begins with those that are there, and has each change, a new service and a deleted one', async () => {
    await saveService(server, { name: 'old', command: ['sleep', '600'] });
    using stream = await server.subscribe(SERVICES);
    await untilTrue(() => shownServices(stream).kinds.length === 1);
    expect(shownServices(stream)).toMatchObject({ kinds: ['SNAPSHOT'], rows: { old: { state: 'STOPPED' } } });

    await saveService(server, { name: 'fresh', command: ['sleep', '600'] });
    await orderService(server, 'startService', 'fresh');
    await untilTrue(() => shownServices(stream).rows['fresh']?.state === 'READY');
    await server.ask('mutation { deleteService(name: "old") }');
    await untilTrue(() => shownServices(stream).kinds.includes('REMOVED'));
    expect(shownServices(stream).rows).toEqual({ fresh: { state: 'READY' } });
  });

  it('has what becomes of a service by itself', async () => {
    const flag = server.scratch.file('up');
    await saveService(server, {
      name: 'web',
      script: `[ -e ${flag} ] && exec sleep 600; exit 1`,
      restart: { firstDelayMs: 50, maxDelayMs: 50, maxFailures: 1_000 },
    });
    using stream = await server.subscribe(SERVICES);
    await tryOrderService(server, 'startService', 'web', 0);
    await untilTrue(() => shownServices(stream).rows['web']?.state === 'BACKOFF');
    writeFileSync(flag, '');
    await untilState(server, 'web', 'READY');
    await untilTrue(() => shownServices(stream).rows['web']?.state === 'READY');
    expect((await findService(server, 'web')).failures).toBeGreaterThan(0);
  });
});
