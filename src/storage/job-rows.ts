import { isSealed } from '../domain/env-entry.ts';
import type { JobId } from '../domain/job-id.ts';
import type { JobService, JobSpec } from '../domain/job-spec.ts';
import { NO_LOG_CAP } from '../domain/log-limit.ts';
import { isActive, isFinal, type JobStatus } from '../domain/job-status.ts';
import type { Prisma } from './generated/client.ts';
import type { StoredIdentity } from './identity-file.ts';
import {
  TransitionConflictError,
  type CancellationFacts,
  type JobFacts,
  type StepRecord,
  type TransitionRecord,
} from './job-records.ts';
import { searchTextOf } from './search-text.ts';

/** What a new row is made of. */
export interface NewJob {
  readonly spec: JobSpec;
  readonly requestFingerprint: string | null;
}

/** Inserts the job with its first transition. */
export async function insertJob(
  tx: Prisma.TransactionClient,
  jobId: JobId,
  { spec, requestFingerprint }: NewJob,
  first: TransitionRecord,
): Promise<void> {
  const data = await columnsOfNew(tx, jobId, { spec, requestFingerprint }, first);
  await tx.job.create({ data: { ...data, transitions: { create: transitionData(first) } } });
}

/** Inserts a job at whatever state its steps lead to, with all that belongs to it. */
export async function insertRestored(
  tx: Prisma.TransactionClient,
  jobId: JobId,
  stored: NewJob,
  steps: readonly [StepRecord, ...StepRecord[]],
  identity: StoredIdentity | null,
): Promise<void> {
  const [first] = steps;
  const last = steps.at(-1) ?? first;
  const facts = latest(steps.map((step) => step.facts));
  const cancellation = latest(steps.map((step) => step.cancellation)) as CancellationFacts;
  const entry = isActive(last.to) ? activeData(steps, identity) : null;
  await tx.job.create({
    data: {
      ...(await columnsOfNew(tx, jobId, stored, first)),
      status: last.to,
      reason: last.reason,
      ...(factColumns(facts) as object),
      // What was to follow from an end of long ago has followed, or nobody knows when it was to.
      retryIsDecided: isFinal(last.to),
      transitions: { createMany: { data: steps.map(transitionData) } },
      ...(Object.keys(cancellation).length > 0 && {
        cancellation: { create: cancellationData(cancellation) },
      }),
      ...(entry !== null && { active: { create: entry } }),
    },
  });
}

/** Each fact as it was said last. */
function latest<T extends object>(said: readonly (T | undefined)[]): Partial<T> {
  const facts = said.flatMap((each) => Object.entries(each ?? {}).filter(([, value]) => value !== undefined));
  return Object.fromEntries(facts) as Partial<T>;
}

function activeData(steps: readonly StepRecord[], identity: StoredIdentity | null) {
  if (identity !== null) return identityData(identity);
  const entry = steps.findLast(({ active }) => active !== undefined)?.active;
  return entry === undefined ? null : { cookie: entry.cookie, ...entry.host };
}

async function columnsOfNew(
  tx: Prisma.TransactionClient,
  jobId: JobId,
  { spec, requestFingerprint }: NewJob,
  first: TransitionRecord,
) {
  const service = spec.service === null ? {} : await serviceColumns(tx, spec.service, spec.dueAtMs);
  return {
    id: jobId,
    requestId: spec.requestId,
    requestFingerprint,
    status: first.to,
    reason: first.reason,
    command: JSON.stringify(spec.command),
    script: spec.script,
    searchText: { create: { text: searchTextOf(spec.command) } },
    cwd: spec.cwd,
    env: JSON.stringify(spec.env),
    hasSecrets: spec.env.some(isSealed),
    labels: JSON.stringify(spec.labels),
    labelIndex: { create: spec.labels.map((label) => ({ label })) },
    timeoutMs: spec.timeoutMs,
    gracePeriodMs: spec.gracePeriodMs,
    onEnd: spec.onEnd,
    stopSignal: spec.stopSignal,
    stopCommand: spec.stopCommand === null ? null : JSON.stringify(spec.stopCommand),
    priority: spec.priority,
    concurrencyKey: spec.concurrencyKey,
    concurrencyLimit: spec.concurrencyLimit,
    maxLogBytes: spec.maxLogBytes === NO_LOG_CAP ? null : spec.maxLogBytes,
    logOverflow: spec.logOverflow,
    trigger: spec.trigger,
    ...service,
    attempt: spec.attempt,
    rerunOfId: spec.rerunOfId,
    retryOfId: spec.trigger === 'RETRY' ? spec.rerunOfId : null,
    queuedAt: new Date(first.atMs),
  };
}

/** A service that is not there, since it was deleted or its database lost, is named and no more. */
async function serviceColumns(
  tx: Prisma.TransactionClient,
  { id, name, version: serviceVersion, run }: JobService,
  dueAtMs: number | null,
) {
  const dueAt = dueAtMs === null ? null : new Date(dueAtMs);
  const isThere = (await tx.service.count({ where: { id, name } })) > 0;
  return { serviceName: name, serviceVersion, ...(isThere && { serviceId: id, serviceRun: run, dueAt }) };
}

/** Applies what a row at `status` lacks, and says who the processes are of a job that is then active. */
export async function catchUp(
  tx: Prisma.TransactionClient,
  jobId: JobId,
  status: JobStatus,
  steps: readonly StepRecord[],
  identity: StoredIdentity | null,
): Promise<void> {
  for (const step of steps) await applyStep(tx, jobId, step);
  if (identity === null || !isActive(steps.at(-1)?.to ?? status)) return;
  const data = identityData(identity);
  await tx.activeJob.upsert({ where: { jobId }, create: { jobId, ...data }, update: data });
}

/** One step with all that belongs to it. @throws TransitionConflictError */
export async function applyStep(tx: Prisma.TransactionClient, jobId: JobId, step: StepRecord): Promise<void> {
  const { facts = {}, cancellation, active, ...transition } = step;
  await compareAndSet(tx, jobId, transition, facts);
  if (active !== undefined)
    await tx.activeJob.create({ data: { jobId, cookie: active.cookie, ...active.host } });
  if (cancellation !== undefined) await upsertCancellation(tx, jobId, cancellation);
  if (isFinal(step.to)) await tx.activeJob.deleteMany({ where: { jobId } });
}

/** The columns of the active map. */
export function identityData({ cookie, host, shim, program }: StoredIdentity) {
  return {
    cookie,
    ...host,
    shimPid: shim.pid,
    shimStartTicks: shim.startTicks,
    programPid: program.pid,
    programStartTicks: program.startTicks,
  };
}

async function compareAndSet(
  tx: Prisma.TransactionClient,
  jobId: JobId,
  transition: TransitionRecord,
  facts: JobFacts,
): Promise<void> {
  const { count } = await tx.job.updateMany({
    where: { id: jobId, status: transition.from ?? '' },
    data: {
      status: transition.to,
      reason: transition.reason,
      ...factColumns(facts),
    },
  });
  if (count !== 1) throw new TransitionConflictError(jobId, transition);
  await tx.jobTransition.create({ data: { jobId, ...transitionData(transition) } });
}

async function upsertCancellation(
  tx: Prisma.TransactionClient,
  jobId: JobId,
  facts: CancellationFacts,
): Promise<void> {
  const data = cancellationData(facts);
  await tx.cancellation.upsert({ where: { jobId }, create: { jobId, ...data }, update: data });
}

export function cancellationData(facts: CancellationFacts) {
  const { reason, requestedBy, gracePeriodMs, containment } = facts;
  const { requestedAtMs, killedAtMs, finishedAtMs, processes, stopCommand } = facts;
  return {
    reason,
    requestedBy,
    gracePeriodMs,
    containment,
    requestedAt: new Date(requestedAtMs),
    killedAt: killedAtMs === null ? null : new Date(killedAtMs),
    finishedAt: finishedAtMs === null ? null : new Date(finishedAtMs),
    processes: JSON.stringify(processes),
    ...(stopCommand !== undefined && { stopCommand: JSON.stringify(stopCommand) }),
  };
}

function transitionData({ number, from, to, atMs, reason, cause }: TransitionRecord) {
  return { number, from, to, at: new Date(atMs), reason, cause };
}

/** Without what is not said: that stays as it is. */
function factColumns({ startedAtMs, finishedAtMs, ...columns }: JobFacts): Prisma.JobUpdateManyMutationInput {
  const said = Object.entries(columns).filter(([, value]) => value !== undefined);
  return {
    ...Object.fromEntries(said),
    ...(startedAtMs !== undefined && { startedAt: new Date(startedAtMs) }),
    ...(finishedAtMs !== undefined && { finishedAt: new Date(finishedAtMs) }),
  };
}
