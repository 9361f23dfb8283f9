import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { cancelJob, findJob, startJob, tryStartJob, untilOver } from './harness/jobs.ts';
import { LifelineServer } from './harness/lifeline-server.ts';
import { signal } from './harness/processes.ts';
import {
  findService,
  orderService,
  saveService,
  stopAll,
  tryOrderService,
  trySaveService,
  untilState,
} from './harness/services.ts';
import { untilTrue } from './harness/until-true.ts';

// Each of them starts several jobs, and most start the server twice.
vi.setConfig({ testTimeout: 60_000 });

let server: LifelineServer;
afterEach(async () => {
  const started = server;
  try {
    await stopAll(started);
    await started.assertNothingIsLeft();
  } finally {
    await started[Symbol.asyncDispose]();
  }
});

/** Writes down when it starts and when it is told to end. */
function noting(name: string, how = 'while :; do sleep 0.05; done'): string {
  const journal = server.scratch.file('journal');
  return `echo "+${name}" >>${journal}; trap 'echo "-${name}" >>${journal}; exit 0' TERM; ${how}`;
}

function journal(): string[] {
  return readFileSync(server.scratch.file('journal'), 'utf8').trim().split('\n');
}

async function saveStack(): Promise<void> {
  await saveService(server, { name: 'db', script: noting('db') });
  const migrate = noting('migrate', 'exit 0');
  await saveService(server, { name: 'migrate', script: migrate, after: [{ service: 'db' }] });
  const after = [{ service: 'db' }, { service: 'migrate', condition: 'SUCCEEDED' }];
  await saveService(server, { name: 'web', script: noting('web'), after });
}

describe('a stack of services', () => {
  it('starts in order, survives kill -9 of a part and of the server, and stops in reverse', async () => {
    server = await LifelineServer.start();
    await saveStack();
    expect(await orderService(server, 'startService', 'web')).toMatchObject({
      state: 'READY',
      desired: 'UP',
    });
    expect(journal()).toEqual(['+db', '+migrate', '+web']);

    const first = await findService(server, 'web');
    signal(first.currentJob!.pid!, 'SIGKILL');
    await untilTrue(async () => {
      const { state, currentJob } = await findService(server, 'web');
      return state === 'READY' && currentJob!.id !== first.currentJob!.id;
    });
    expect((await findJob(server, first.currentJob!.id)).reason).toBe('KILLED_FROM_OUTSIDE');

    const before = await findService(server, 'web');
    await server.end('SIGKILL');
    await server.launch();
    expect(await untilState(server, 'web', 'READY')).toMatchObject({ currentJob: before.currentJob });
    expect(await findService(server, 'migrate')).toMatchObject({ state: 'SUCCEEDED' });

    expect(await orderService(server, 'stopService', 'db')).toMatchObject({
      state: 'STOPPED',
      desired: 'DOWN',
    });
    expect((await findService(server, 'web')).state).toBe('STOPPED');
    expect(journal().slice(-2)).toEqual(['-web', '-db']);
    expect(journal().filter((line) => line === '+migrate')).toHaveLength(1);
  });

  it('goes on as it is desired when what happened while no server was there is found', async () => {
    server = await LifelineServer.start();
    await saveStack();
    await orderService(server, 'startService', 'web');
    const { currentJob } = await findService(server, 'web');
    await server.end('SIGKILL');
    signal(currentJob!.pid!, 'SIGKILL');
    await server.launch();
    const again = await untilTrue(async () => {
      const web = await findService(server, 'web');
      return web.currentJob!.id !== currentJob!.id && web.state === 'READY' && web;
    });
    expect(again.failures).toBe(1);
  });

  it('comes back after a stop of the server that has cancelled its jobs', async () => {
    server = await LifelineServer.start({ args: ['--on-exit', 'cancel'] });
    await saveStack();
    await orderService(server, 'startService', 'web');
    await server.end('SIGTERM');
    expect(journal().slice(-2)).toEqual(['-web', '-db']);
    await server.launch();
    expect(await untilState(server, 'web', 'READY')).toMatchObject({ desired: 'UP', failures: 0 });
  });

  it('refuses cycles, and names them; and what would be left without what it comes after', async () => {
    server = await LifelineServer.start();
    await saveStack();
    const cyclic = await trySaveService(server, { name: 'db', script: 'true', after: [{ service: 'web' }] });
    expect(cyclic.errors[0]?.message).toMatch(/db → web → (migrate → )?db/);
    const lost = await trySaveService(server, { name: 'x', script: 'true', after: [{ service: 'nothing' }] });
    expect(lost.errors[0]?.extensions?.code).toBe('INVALID_INPUT');
    const { errors } = await server.graphql('mutation { deleteService(name: "db") }');
    expect(errors[0]?.message).toMatch(/comes after db/);
  });
});

describe('a service that ends again and again', () => {
  const restart = { firstDelayMs: 20, maxDelayMs: 40, maxFailures: 3 };

  it('backs off, gives up, says why, and is started again by hand alone', async () => {
    server = await LifelineServer.start();
    await saveService(server, { name: 'crash', script: 'echo oh no >&2; exit 7', restart });
    await tryOrderService(server, 'startService', 'crash', 0);
    const { why } = await untilState(server, 'crash', 'GAVE_UP');
    expect(why).toContain('3 times in a row');
    expect(why).toContain('exit code 7');
    const { service } = await server.ask<{
      service: { state: string; jobs: { edges: { node: { trigger: string; attempt: number } }[] } };
    }>('{ service(name: "crash") { state jobs { edges { node { trigger attempt } } } } }');
    expect(service.state).toBe('GAVE_UP');
    expect(service.jobs.edges.map(({ node }) => `${node.trigger} ${String(node.attempt)}`)).toEqual([
      'SERVICE 3',
      'SERVICE 2',
      'SERVICE 1',
    ]);
    await server.end('SIGKILL');
    await server.launch();
    expect(await findService(server, 'crash')).toMatchObject({
      state: 'GAVE_UP',
      desired: 'UP',
      failures: 3,
    });
    await saveService(server, { name: 'crash', script: 'sleep 1000', restart });
    expect(await orderService(server, 'startService', 'crash')).toMatchObject({
      state: 'READY',
      failures: 0,
    });
  });

  it('is stopped while it waits for the next try', async () => {
    server = await LifelineServer.start();
    await saveService(server, {
      name: 'crash',
      script: 'exit 1',
      restart: { ...restart, firstDelayMs: 60_000, maxDelayMs: 60_000 },
    });
    await tryOrderService(server, 'startService', 'crash', 0);
    const waiting = await untilState(server, 'crash', 'BACKOFF');
    expect(waiting.retryAt).not.toBeNull();
    expect(await orderService(server, 'stopService', 'crash')).toMatchObject({
      state: 'STOPPED',
      retryAt: null,
    });
    expect((await findService(server, 'crash')).currentJob).toMatchObject({ status: 'FAILED' });
  });

  it('goes on waiting over a kill -9 of the server', async () => {
    server = await LifelineServer.start();
    await saveService(server, {
      name: 'crash',
      script: 'exit 1',
      restart: { ...restart, firstDelayMs: 2_000, maxDelayMs: 2_000 },
    });
    await tryOrderService(server, 'startService', 'crash', 0);
    await untilState(server, 'crash', 'BACKOFF');
    await server.end('SIGKILL');
    await server.launch();
    expect((await untilState(server, 'crash', 'GAVE_UP')).failures).toBe(3);
  });

  it('is a failure, too, where its program is not there', async () => {
    server = await LifelineServer.start();
    await saveService(server, { name: 'typo', command: ['no-such-program'], restart: { policy: 'NEVER' } });
    const { errors } = await tryOrderService(server, 'startService', 'typo');
    expect(errors[0]?.extensions?.code).toBe('SERVICE_FAILED');
    expect(errors[0]?.message).toContain('no-such-program');
    expect(await findService(server, 'typo')).toMatchObject({ state: 'FAILED', currentJob: null });
  });
});

describe('a job of a service', () => {
  it('that somebody cancels is not started again', async () => {
    server = await LifelineServer.start();
    await saveService(server, { name: 'web', script: 'sleep 1000', restart: { policy: 'ALWAYS' } });
    const { currentJob } = await orderService(server, 'startService', 'web');
    await cancelJob(server, currentJob!.id);
    const stopped = await untilState(server, 'web', 'STOPPED');
    expect(stopped).toMatchObject({
      desired: 'DOWN',
      currentJob: { id: currentJob!.id, status: 'CANCELLED' },
    });
    expect(stopped.why).toContain('was cancelled by the API token');
  });

  it('is run on demand as it was defined, once more as it was, or as it is defined now', async () => {
    server = await LifelineServer.start();
    const { createToken } = await server.ask<{ createToken: { secret: string } }>(
      'mutation { createToken(input: { name: "runner", scope: RUN }) { secret } }',
    );
    await saveService(server, { name: 'report', script: 'echo one', labels: ['nightly'] });
    const call = async (query: string): Promise<string> =>
      (
        await server.call({
          method: 'POST',
          path: '/graphql',
          headers: { authorization: `Bearer ${createToken.secret}`, 'content-type': 'application/json' },
          body: JSON.stringify({ query }),
        })
      ).text;
    const answer = await call(
      'mutation { startJob(input: { service: "report" }) { id serviceVersion trigger labels } }',
    );
    expect(JSON.parse(answer)).toMatchObject({
      data: { startJob: { serviceVersion: 1, trigger: 'REQUEST', labels: ['nightly'] } },
    });
    const { id: jobId } = (JSON.parse(answer) as { data: { startJob: { id: string } } }).data.startJob;
    expect(await call('mutation { startJob(input: { service: "report", cwd: "/" }) { id } }')).toContain(
      'FORBIDDEN',
    );
    await untilOver(server, jobId);
    expect(await saveService(server, { name: 'report', script: 'echo two' })).toMatchObject({ version: 2 });
    expect(await saveService(server, { name: 'report', script: 'echo two' })).toMatchObject({ version: 2 });
    const rerun =
      'mutation ($jobId: ID!, $newest: Boolean) { rerunJob(jobId: $jobId, newestDefinition: $newest) { id script serviceVersion attempt } }';
    const rerunWith = async (newest: boolean): Promise<Record<string, unknown>> =>
      (await server.ask<{ rerunJob: Record<string, unknown> }>(rerun, { jobId, newest })).rerunJob;
    const reruns = [await rerunWith(false), await rerunWith(true)];
    expect(reruns).toMatchObject([
      { script: 'echo one', serviceVersion: 1, attempt: 2 },
      { script: 'echo two', serviceVersion: 2, attempt: 2 },
    ]);
    for (const { id } of reruns) await untilOver(server, String(id));
  });

  it('is refused on demand while the service is kept up', async () => {
    server = await LifelineServer.start();
    await saveService(server, { name: 'web', script: 'sleep 1000' });
    const { currentJob } = await orderService(server, 'startService', 'web');
    const { errors } = await tryStartJob(server, { service: 'web' });
    expect(errors[0]?.extensions?.code).toBe('CONFLICT');
    const { errors: deletion } = await server.graphql('mutation { deleteService(name: "web") }');
    expect(deletion[0]?.extensions?.code).toBe('CONFLICT');
    await server.ask('mutation { deleteService(name: "web", stopFirst: true) }');
    const left = 'query ($id: ID!) { services { name } job(id: $id) { serviceName service { name } } }';
    expect(await server.ask(left, { id: currentJob!.id })).toEqual({
      services: [],
      job: { serviceName: 'web', service: null },
    });
    // Nothing else is in the way of a job.
    await untilOver(server, await startJob(server, { command: ['true'] }));
  });
});

describe('the probes of a service', () => {
  it('hold back what comes after it until it is ready, and end and start it again when it is dead', async () => {
    server = await LifelineServer.start();
    const ready = server.scratch.file('ready');
    const dead = server.scratch.file('dead');
    await saveService(server, {
      name: 'db',
      script: 'sleep 1000',
      readiness: { exec: ['test', '-e', ready], periodMs: 100 },
      liveness: { exec: ['test', '!', '-e', dead], periodMs: 100, failureThreshold: 2 },
      restart: { firstDelayMs: 50 },
    });
    await saveService(server, { name: 'web', script: 'sleep 1000', after: [{ service: 'db' }] });
    await tryOrderService(server, 'startService', 'web', 0);
    const { currentJob } = await untilState(server, 'db', 'RUNNING');
    expect(await untilState(server, 'web', 'WAITING')).toMatchObject({
      why: 'Waits for db to be READY: it is RUNNING.',
    });
    await untilTrue(async () => (await findService(server, 'db')).why === 'test: It ended with exit code 1.');
    const { errors } = await tryOrderService(server, 'startService', 'db', 1);
    expect(errors[0]?.message).toContain('it is RUNNING. test: It ended with exit code 1.');
    writeFileSync(ready, '');
    await untilState(server, 'web', 'READY');
    writeFileSync(dead, '');
    await untilState(server, 'db', 'BACKOFF');
    rmSync(dead);
    const again = await untilState(server, 'db', 'READY');
    expect(again.currentJob!.id).not.toBe(currentJob!.id);
    const killed = await findJob(server, currentJob!.id);
    expect(killed).toMatchObject({ status: 'CANCELLED', reason: 'CANCEL_REQUESTED' });
    expect(killed.cancellation!.requestedBy).toContain('the service db');
    expect((await findService(server, 'web')).state).toBe('READY');
  });

  it('say that a service is silent, and that it writes again', async () => {
    server = await LifelineServer.start();
    const word = server.scratch.file('word');
    const script = `until [ -e ${word} ]; do sleep 0.05; done; while :; do echo again; sleep 0.1; done`;
    await saveService(server, { name: 'mute', script, silenceAlarmMs: 1_000 });
    await orderService(server, 'startService', 'mute');
    const silentSince = async (): Promise<string | null> =>
      (
        await server.ask<{ service: { silentSince: string | null } }>(
          '{ service(name: "mute") { silentSince } }',
        )
      ).service.silentSince;
    await untilTrue(async () => (await silentSince()) !== null);
    writeFileSync(word, '');
    await untilTrue(async () => (await silentSince()) === null);
  });
});

describe('a run of a service', () => {
  interface Run {
    readonly id: string;
    readonly status: string;
    readonly trigger: string;
    readonly attempt: number;
    readonly rerunOf: { readonly id: string } | null;
    readonly retryAt: string | null;
  }
  async function runs(name: string): Promise<Run[]> {
    const { service } = await server.ask<{ service: { jobs: { edges: { node: Run }[] } } }>(
      `query ($name: String!) { service(name: $name) { jobs { edges { node {
         id status trigger attempt rerunOf { id } retryAt } } } } }`,
      { name },
    );
    return service.jobs.edges.map(({ node }) => node).toReversed();
  }

  it('on demand is tried again by the rules of the service, and given up', async () => {
    server = await LifelineServer.start();
    const restart = { firstDelayMs: 50, maxFailures: 3 };
    await saveService(server, { name: 'report', script: 'exit 4', restart });
    await startJob(server, { service: 'report' });
    const tried = await untilTrue(async () => {
      const all = await runs('report');
      return (
        all.length === 3 && all.every(({ status, retryAt }) => status === 'FAILED' && retryAt === null) && all
      );
    });
    expect(tried.map(({ trigger, attempt }) => `${trigger} ${String(attempt)}`)).toEqual([
      'REQUEST 1',
      'RETRY 2',
      'RETRY 3',
    ]);
    expect(tried.map(({ rerunOf }) => rerunOf?.id)).toEqual([undefined, tried[0]!.id, tried[1]!.id]);
  });

  it('that is cancelled is not tried again, and one that waits for its retry is dropped by a stop', async () => {
    server = await LifelineServer.start();
    const restart = { firstDelayMs: 60_000, maxDelayMs: 60_000 };
    await saveService(server, { name: 'report', script: 'test -e no && sleep 1000; exit 4', restart });
    const failed = await startJob(server, { service: 'report' });
    await untilTrue(async () => (await runs('report'))[0]?.retryAt !== null && (await runs('report'))[0]);
    await orderService(server, 'stopService', 'report');
    await untilTrue(async () => (await runs('report'))[0]?.retryAt === null);
    await saveService(server, { name: 'report', script: 'sleep 1000', restart });
    const cancelled = await startJob(server, { service: 'report' });
    await cancelJob(server, cancelled);
    await untilOver(server, cancelled);
    expect((await runs('report')).map(({ id, retryAt }) => [id, retryAt])).toEqual([
      [failed, null],
      [cancelled, null],
    ]);
  });

  it('by schedule begins when it is due, one a time, over a kill -9 of the server', async () => {
    server = await LifelineServer.start();
    await saveService(server, { name: 'tick', script: 'exit 0', schedule: { everyMs: 1_000 } });
    expect(await orderService(server, 'startService', 'tick')).toMatchObject({ state: 'SCHEDULED' });
    await untilTrue(async () => (await runs('tick')).length >= 2);
    await server.end('SIGKILL');
    await server.launch();
    const before = (await runs('tick')).length;
    await untilTrue(async () => (await runs('tick')).length >= before + 2);
    expect(await orderService(server, 'stopService', 'tick')).toMatchObject({ state: 'STOPPED' });
    const { service } = await server.ask<{
      service: { scheduledRuns: { dueAt: string; outcome: string; job: { id: string } | null }[] };
    }>('{ service(name: "tick") { scheduledRuns { dueAt outcome job { id } } } }');
    const due = service.scheduledRuns.map(({ dueAt }) => dueAt);
    expect(new Set(due).size).toBe(due.length);
    const jobIds = service.scheduledRuns.flatMap(({ job }) => job?.id ?? []);
    expect(new Set(jobIds).size).toBe(jobIds.length);
    // A run that the kill met before its gate has failed, and is tried again.
    const made = (await runs('tick')).filter(({ trigger }) => trigger !== 'RETRY').map(({ id }) => id);
    expect(jobIds.toReversed()).toEqual(made);
  });
});

describe('the log of a service', () => {
  const FOLLOW = `subscription ($after: String) { serviceLogs(name: "web", after: $after) {
    __typename ... on LogLines { jobId lastSeq lines { text } } ... on LogDone { job { id } lastSeq } } }`;
  interface Event {
    readonly jobId?: string;
    readonly job?: { readonly id: string };
    readonly lastSeq: number;
    readonly lines?: readonly { readonly text: string }[];
  }
  const read = (stream: {
    readonly events: readonly { readonly event: string; readonly data: string }[];
  }): Event[] =>
    stream.events.flatMap(({ event, data }) =>
      event === 'next' ? [(JSON.parse(data) as { data: { serviceLogs: Event } }).data.serviceLogs] : [],
    );
  const texts = (events: readonly Event[]): string[] =>
    events.flatMap(({ lines = [] }) => lines.map(({ text }) => text));

  it('goes on from one job to the next, from a cursor that outlives both, and ends with the service', async () => {
    server = await LifelineServer.start();
    await saveService(server, { name: 'web', script: 'echo "hello from $$"; sleep 1000' });
    const first = await orderService(server, 'startService', 'web');
    using stream = await server.subscribe(FOLLOW);
    await untilTrue(() => texts(read(stream)).length === 1);
    const second = await orderService(server, 'restartService', 'web');
    await untilTrue(() => texts(read(stream)).length === 2);
    const events = read(stream);
    expect(events.map(({ jobId, job }) => jobId ?? `end of ${job!.id}`)).toEqual([
      first.currentJob!.id,
      `end of ${first.currentJob!.id}`,
      second.currentJob!.id,
    ]);
    const { jobId, lastSeq } = events[0]!;
    await server.end('SIGKILL');
    await server.launch();
    using resumed = await server.subscribe(FOLLOW, { after: `${jobId!}:${String(lastSeq)}` });
    await untilTrue(() => texts(read(resumed)).length === 1);
    expect(texts(read(resumed))).toEqual(texts(events).slice(1));
    await server.ask('mutation { deleteService(name: "web", stopFirst: true) }');
    expect(await resumed.untilEnded()).toBe('end');
  });
});
