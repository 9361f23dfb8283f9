import fc from 'fast-check';
import { mkdirSync, renameSync, rmdirSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { JobId } from '../../src/domain/job-id.ts';
import { isLegalTransition, JOB_STATUSES, type JobStatus } from '../../src/domain/job-status.ts';
import { DataDirectory } from '../../src/storage/data-directory.ts';
import { Database } from '../../src/storage/database.ts';
import { createJobFiles } from '../../src/storage/job-files.ts';
import { TransitionConflictError } from '../../src/storage/job-records.ts';
import { JobStore } from '../../src/storage/job-store.ts';
import { readTransitions } from '../../src/storage/transition-file.ts';
import { JobChangeBus } from '../../src/supervisor/job-change-bus.ts';
import { IllegalTransitionError, JobLife, type Step } from '../../src/supervisor/job-life.ts';
import { completeRequest } from '../../src/supervisor/job-request.ts';
import { untilTrue } from '../end-to-end/harness/until-true.ts';
import { ScratchDirectory } from '../end-to-end/harness/scratch-directory.ts';

const scratch = new ScratchDirectory();
let directory: DataDirectory;
let database: Database;
let jobs: JobStore;
const changes = new JobChangeBus();
const released = new AbortController();
const delays: unknown[] = [];
const log = {
  ended: () => undefined,
  reconciled: () => undefined,
  anomaly: () => undefined,
  failure: (_jobId: JobId | null, _what: string, error: unknown) => delays.push(error),
};
let lastId: JobId = 0;

beforeAll(async () => {
  directory = DataDirectory.prepare(scratch.file('data'));
  database = await Database.open(directory);
  jobs = new JobStore(database.read, database.gate);
});
afterAll(async () => {
  await database[Symbol.asyncDispose]();
  scratch[Symbol.dispose]();
});

async function newLife(): Promise<JobLife> {
  const jobId = ++lastId;
  const spec = completeRequest({ script: 'true', cwd: '/' }, [{ name: 'PATH', value: '/bin' }]);
  const first = {
    number: 1,
    from: null,
    to: 'QUEUED',
    atMs: Date.now(),
    reason: 'NONE',
    cause: null,
  } as const;
  await createJobFiles(directory.jobDirectory(jobId), spec, null, first);
  await jobs.insertQueued(jobId, spec, null, first);
  return lifeOf(jobId, 'QUEUED', 1);
}

function lifeOf(jobId: JobId, status: JobStatus, transitionCount: number): JobLife {
  return new JobLife(
    jobId,
    { directory: directory.jobDirectory(jobId), jobs, changes, released: released.signal, log },
    status,
    transitionCount,
  );
}

function step(to: JobStatus): Step {
  const active = { cookie: 'x', host: { bootId: 'b', pidNamespace: 'n' } };
  return { reason: 'NONE', ...(to === 'STARTING' ? { active } : {}) };
}

/** What is stored of a job, on its three places. */
async function stored(jobId: JobId) {
  const row = await jobs.findJob(jobId);
  const rows = await database.read.jobTransition.findMany({ where: { jobId }, orderBy: { number: 'asc' } });
  const active = await database.read.activeJob.findUnique({ where: { jobId } });
  return {
    status: row?.status,
    rows: rows.map(({ to }) => to),
    files: readTransitions(directory.jobDirectory(jobId)).map(({ to }) => to),
    active: active !== null,
  };
}

describe('the life of a job', () => {
  it('takes the legal steps of any sequence, refuses the others at once, and stores what it took', async () => {
    const sequence = fc.array(fc.constantFrom(...JOB_STATUSES), { maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(sequence, fc.boolean(), async (targets, waits) => {
        const life = await newLife();
        const taken: JobStatus[] = ['QUEUED'];
        const writes: Promise<void>[] = [];
        for (const to of targets) {
          const legal = isLegalTransition(taken.at(-1)!, to);
          const write = life.advance(to, step(to));
          if (legal) {
            taken.push(to);
            writes.push(write);
            if (waits) await write;
          } else {
            await expect(write).rejects.toThrow(IllegalTransitionError);
          }
          expect(life.status).toBe(taken.at(-1));
        }
        await Promise.all(writes);
        expect(await stored(life.jobId)).toEqual({
          status: taken.at(-1),
          rows: taken,
          files: taken,
          active: ['STARTING', 'RUNNING', 'CANCELLING'].includes(taken.at(-1)!),
        });
      }),
      { numRuns: 30 },
    );
  });

  it('is decided by the first cause, also among causes of the same moment', async () => {
    const life = await newLife();
    await life.advance('STARTING', step('STARTING'));
    await life.advance('RUNNING', step('RUNNING'));
    const [failed, ...late] = await Promise.allSettled([
      life.advance('FAILED', { reason: 'EXITED', facts: { exitCode: 3 } }),
      life.advance('CANCELLING', { reason: 'CANCEL_REQUESTED' }),
      life.advance('SUCCEEDED', { reason: 'EXITED', facts: { exitCode: 0 } }),
      life.advance('LOST', { reason: 'IDENTITY_GONE' }),
    ]);
    expect(failed.status).toBe('fulfilled');
    expect(late.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
    expect(await jobs.findJob(life.jobId)).toMatchObject({ status: 'FAILED', reason: 'EXITED', exitCode: 3 });
  });

  it('is kept by compare-and-set: one that believes in an older status changes nothing', async () => {
    const life = await newLife();
    const stale = lifeOf(life.jobId, 'QUEUED', 1);
    await life.advance('STARTING', step('STARTING'));
    await expect(stale.advance('CANCELLED', step('CANCELLED'))).rejects.toThrow(TransitionConflictError);
    expect(await jobs.findJob(life.jobId)).toMatchObject({ status: 'STARTING' });
    expect((await stored(life.jobId)).rows).toEqual(['QUEUED', 'STARTING']);
  });

  it('is stored at last, in order, where it could not be for a while', async () => {
    const life = await newLife();
    const { transitionsPath, path } = directory.jobDirectory(life.jobId);
    // Something stands where the file is: nothing can be appended to it.
    renameSync(transitionsPath, `${path}/aside`);
    mkdirSync(transitionsPath);
    const writes = [
      life.advance('STARTING', step('STARTING')),
      life.advance('FAILED', { reason: 'LAUNCH_FAILED' }),
    ];
    await untilTrue(() => delays.length > 0);
    expect(life.status).toBe('FAILED');
    expect(await jobs.findJob(life.jobId)).toMatchObject({ status: 'QUEUED' });
    rmdirSync(transitionsPath);
    renameSync(`${path}/aside`, transitionsPath);
    await Promise.all(writes);
    expect(await stored(life.jobId)).toEqual({
      status: 'FAILED',
      rows: ['QUEUED', 'STARTING', 'FAILED'],
      files: ['QUEUED', 'STARTING', 'FAILED'],
      active: false,
    });
  });

  it('tells who waits for a change, after it is stored', async () => {
    const life = await newLife();
    using subscription = changes.subscribe(life.jobId);
    await subscription.next();
    const next = subscription.next();
    const write = life.advance('FAILED', { reason: 'LAUNCH_FAILED' });
    await next;
    expect(await jobs.outcomeIsKnown(life.jobId)).toBe(true);
    await write;
  });
});
