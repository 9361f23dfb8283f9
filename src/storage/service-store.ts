import { isDeepStrictEqual } from 'node:util';
import type { JobId } from '../domain/job-id.ts';
import { ACTIVE_STATUSES } from '../domain/job-status.ts';
import { NO_RETENTION_RULES } from '../domain/retention.ts';
import type { ServiceDefinition } from '../domain/service-definition.ts';
import { NEW_LIFE, type ServiceLife } from '../domain/service-life.ts';
import type { DesiredState, ServiceState } from '../domain/service-state.ts';
import type { ReadClient } from './database.ts';
import type { Service, ServiceVersion } from './generated/client.ts';
import type { JobRecord } from './job-records.ts';
import type { ServiceFiles, StoredService, StoredServiceVersion } from './service-files.ts';
import type { ServiceRecord } from './service-records.ts';
import type { WriteGate } from './write-gate.ts';

const SAYS_NOTHING_OF_LOGS = { maxLogBytes: null, logOverflow: 'TRIM' } as const;

/** How many steps of a service's life are kept. */
const KEPT_STEPS = 1_000;

/** The row was not where the step starts from: somebody else wrote to it. */
export class ServiceConflictError extends Error {
  constructor(name: string, steps: number) {
    super(`the service ${name} is not at step ${String(steps)} of its life`);
    this.name = new.target.name;
  }
}

/**
 * Services, their versions and the steps of their lives: in their files first, then in the database, where every write
 * passes the gate.
 */
export class ServiceStore {
  readonly #read: ReadClient;
  readonly #gate: WriteGate;
  readonly #files: ServiceFiles;

  constructor(read: ReadClient, gate: WriteGate, files: ServiceFiles) {
    this.#read = read;
    this.#gate = gate;
    this.#files = files;
  }

  /** All of them, by name. */
  async all(): Promise<ServiceRecord[]> {
    const newest = { orderBy: { number: 'desc' }, take: 1 } as const;
    const rows = await this.#read.service.findMany({
      orderBy: { name: 'asc' },
      include: { versions: newest },
    });
    return rows.flatMap(({ versions, ...row }) =>
      versions.map((version) => recordOf(row, definitionOf(version))),
    );
  }

  /** What a version of a service was defined to be; `null` where there was none. */
  async definition(serviceId: number, version: number): Promise<ServiceDefinition | null> {
    const where = { serviceId_number: { serviceId, number: version } };
    const row = await this.#read.serviceVersion.findUnique({ where });
    return row === null ? null : definitionOf(row);
  }

  async insert(
    name: string,
    definition: ServiceDefinition,
    savedBy: string,
    at: Date,
  ): Promise<ServiceRecord> {
    const { desired, state } = NEW_LIFE;
    const id = this.#files.nextId();
    const version = { number: 1, definition, savedAtMs: at.getTime(), savedBy };
    const times = { createdAtMs: at.getTime(), sinceMs: at.getTime() };
    const versions = { create: versionColumns(version) };
    try {
      this.#files.write({ id, name, ...times, steps: 0, life: NEW_LIFE, versions: [version] });
      const row = await this.#gate.transaction((tx) =>
        tx.service.create({
          data: { id, name, version: 1, createdAt: at, desired, state, since: at, versions },
        }),
      );
      return recordOf(row, definition);
    } catch (error) {
      // Whoever asked is told that there is none: the next start must not find one.
      this.#files.remove(id);
      throw error;
    }
  }

  /** Stores a new version. */
  async save(
    service: ServiceRecord,
    definition: ServiceDefinition,
    savedBy: string,
    at: Date,
  ): Promise<ServiceRecord> {
    const number = service.version + 1;
    const version = { number, definition, savedAtMs: at.getTime(), savedBy };
    this.#files.addVersion(service.id, version);
    await this.#gate.transaction(async (tx) => {
      const where = { id: service.id, version: service.version };
      // What would be due by another schedule was not missed.
      const isOther = !isDeepStrictEqual(service.definition.schedule, definition.schedule);
      const data = { version: number, ...(isOther && { scheduledTo: null }) };
      const { count } = await tx.service.updateMany({ where, data });
      if (count !== 1) throw new ServiceConflictError(service.name, service.steps);
      await tx.serviceVersion.create({ data: { serviceId: service.id, ...versionColumns(version) } });
    });
    return { ...service, version: number, definition };
  }

  /** Stores one step of its life. @throws ServiceConflictError */
  async advance(service: ServiceRecord, life: ServiceLife, at: Date): Promise<ServiceRecord> {
    const steps = service.steps + 1;
    const isMove = life.state !== service.life.state || life.desired !== service.life.desired;
    const sinceMs = life.state === service.life.state ? service.sinceMs : at.getTime();
    const { id, name, createdAtMs } = service;
    this.#files.writeLife({ id, name, createdAtMs, sinceMs, steps, life });
    await this.#gate.transaction(async (tx) => {
      const { count } = await tx.service.updateMany({
        where: { id: service.id, steps: service.steps },
        data: {
          ...lifeColumns(life),
          steps,
          since: new Date(sinceMs),
          // What is due while nobody wants it is not missed.
          ...(life.state !== 'SCHEDULED' && { scheduledTo: null }),
        },
      });
      if (count !== 1) throw new ServiceConflictError(service.name, service.steps);
      if (!isMove) return;
      const { state: to, desired, why, jobId } = life;
      const step = { from: service.life.state, to, desired, at, why, jobId };
      await tx.serviceTransition.create({ data: { serviceId: service.id, number: steps, ...step } });
      if (steps > KEPT_STEPS) {
        const where = { serviceId: service.id, number: { lte: steps - KEPT_STEPS } };
        await tx.serviceTransition.deleteMany({ where });
      }
    });
    return { ...service, life, steps, sinceMs };
  }

  /** Its jobs stay, with its name. */
  async delete(serviceId: number): Promise<void> {
    this.#files.bury(serviceId);
    await this.#gate.transaction((tx) => tx.service.deleteMany({ where: { id: serviceId } }));
    this.#files.remove(serviceId);
  }

  /** The job that a start of a service has made; `null` where it has made none. */
  async jobOfRun(serviceId: number, run: number): Promise<JobId | null> {
    const where = { serviceId_serviceRun: { serviceId, serviceRun: run } };
    const row = await this.#read.job.findUnique({ where, select: { id: true } });
    return row?.id ?? null;
  }

  /** The jobs of services on demand and by schedule that have not ended, oldest first. */
  async unfinishedRuns(): Promise<readonly { readonly jobId: JobId; readonly serviceId: number }[]> {
    const rows = await this.#read.job.findMany({
      where: {
        serviceId: { not: null },
        serviceRun: null,
        status: { in: ['QUEUED', ...ACTIVE_STATUSES] },
      },
      select: { id: true, serviceId: true },
      orderBy: { id: 'asc' },
    });
    return rows.map(({ id, serviceId }) => ({ jobId: id, serviceId: serviceId ?? 0 }));
  }

  /** What its keeper asks of the job that keeps a service up, often; `null` where it was deleted. */
  async keptJob(jobId: JobId): Promise<KeptJobRecord | null> {
    const select = { id: true, status: true, reason: true, message: true, startedAt: true } as const;
    const row = await this.#read.job.findUnique({ where: { id: jobId }, select });
    if (row?.reason !== 'CANCEL_REQUESTED') return row && { ...row, requestedBy: null };
    const cancellation = await this.#read.cancellation.findUnique({ where: { jobId } });
    return { ...row, requestedBy: cancellation?.requestedBy ?? null };
  }

  /** The rows of these jobs, with who asked for their end. */
  async jobs(jobIds: readonly JobId[]): Promise<readonly ServiceJobRecord[]> {
    return this.#read.job.findMany({
      where: { id: { in: [...jobIds] } },
      include: { cancellation: { select: { requestedBy: true } } },
    });
  }
}

/** The job that keeps a service up. */
export interface KeptJobRecord extends Pick<JobRecord, 'id' | 'status' | 'reason' | 'message' | 'startedAt'> {
  /** Who asked for its end. */
  readonly requestedBy: string | null;
}

/** A job of a service. */
export interface ServiceJobRecord extends JobRecord {
  readonly cancellation: { readonly requestedBy: string | null } | null;
}

function definitionOf({ definition }: { readonly definition: string }): ServiceDefinition {
  // Versions that were saved before there were bounds say nothing of them.
  type Stored = Omit<ServiceDefinition, 'retention'> & Partial<Pick<ServiceDefinition, 'retention'>>;
  const { retention = NO_RETENTION_RULES, ...stored } = JSON.parse(definition) as Stored;
  return { ...SAYS_NOTHING_OF_LOGS, ...stored, retention };
}

function recordOf(row: Service, definition: ServiceDefinition): ServiceRecord {
  return { ...lifeOf(row), version: row.version, definition };
}

/** Who a service is, and where its row is in its life. */
export function lifeOf(row: Service): StoredService {
  return {
    id: row.id,
    name: row.name,
    createdAtMs: row.createdAt.getTime(),
    life: {
      desired: row.desired as DesiredState,
      state: row.state as ServiceState,
      why: row.why,
      runs: row.runs,
      jobId: row.currentJobId,
      failures: row.failures,
      retryAtMs: row.retryAt?.getTime() ?? null,
    },
    sinceMs: row.since.getTime(),
    steps: row.steps,
  };
}

/** The columns of a life. */
export function lifeColumns({ jobId, retryAtMs, ...columns }: ServiceLife) {
  const retryAt = retryAtMs === null ? null : new Date(retryAtMs);
  return { ...columns, currentJobId: jobId, retryAt };
}

/** A version as its row has it. */
export function versionOf({ number, definition, savedAt, savedBy }: ServiceVersion): StoredServiceVersion {
  return { number, definition: definitionOf({ definition }), savedAtMs: savedAt.getTime(), savedBy };
}

/** The columns of a version. */
export function versionColumns({ number, definition, savedAtMs, savedBy }: StoredServiceVersion) {
  return { number, definition: JSON.stringify(definition), savedAt: new Date(savedAtMs), savedBy };
}
