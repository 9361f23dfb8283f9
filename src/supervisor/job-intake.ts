import { rmSync } from 'node:fs';
import type { PassCheckpoint } from '../domain/checkpoint.ts';
import { ConflictError } from '../domain/errors.ts';
import type { JobId } from '../domain/job-id.ts';
import type { PlainEnvEntry } from '../domain/env-entry.ts';
import type { JobSpec } from '../domain/job-spec.ts';
import type { DataDirectory } from '../storage/data-directory.ts';
import { asToldOfDisk } from '../storage/disk-full.ts';
import { createJobFiles } from '../storage/job-files.ts';
import type { JobIds } from '../storage/job-ids.ts';
import type { TransitionRecord } from '../storage/job-records.ts';
import type { JobStore } from '../storage/job-store.ts';
import type { DiskGuard } from './disk-guard.ts';
import { chooseProgram, type JobUser } from './job-user.ts';
import type { StartLimits } from './start-limits.ts';
import {
  completeRequest,
  fingerprint,
  type JobOrigin,
  possiblePrograms,
  type SealedRequest,
} from './job-request.ts';

export interface JobIntakePorts {
  readonly dataDirectory: DataDirectory;
  readonly jobs: JobStore;
  readonly jobIds: JobIds;
  /** PATH, HOME, LANG: what every job's environment begins with. */
  readonly environment: readonly PlainEnvEntry[];
  /** Whom jobs run as; `null` for the server's own user. */
  readonly user: JobUser | null;
  readonly limits: StartLimits;
  /** The cap of the log of a job that says none. */
  readonly maxLogBytes: number;
  readonly disk: Pick<DiskGuard, 'check'>;
  readonly pass: PassCheckpoint;
  /** Called once for each new job, when it is stored and before its request is answered. Owns its place. */
  readonly onCreated: (jobId: JobId, spec: JobSpec, place: Disposable) => void;
}

/** Turns requests into stored jobs: directory first, then row. One requestId names one job, however often it comes. */
export class JobIntake {
  readonly #ports: JobIntakePorts;
  readonly #requests = new Map<string, Promise<unknown>>();

  constructor(ports: JobIntakePorts) {
    this.#ports = ports;
  }

  /**
   * @returns the new job, or the one that the requestId had made before
   * @throws InvalidInputError, CommandNotFoundError, ConflictError (another request had the requestId), LimitExceededError,
   * DiskLowError
   */
  async accept(request: SealedRequest, origin: JobOrigin): Promise<JobId> {
    const { requestId } = request;
    if (requestId === undefined) return this.#create(request, origin, null);
    // One after the other for each requestId, so that of two at once the second finds the first.
    const turn = (this.#requests.get(requestId) ?? Promise.resolve())
      .catch(() => undefined)
      .then(async () => {
        const digest = fingerprint(request, origin);
        const known = await this.#ports.jobs.findByRequestId(requestId);
        if (known === null) return this.#create(request, origin, digest);
        if (known.requestFingerprint !== digest) {
          throw new ConflictError(
            `The requestId ${JSON.stringify(requestId)} belongs to job ${String(known.id)}, which was asked to run something else. Use a new one.`,
          );
        }
        return known.id;
      });
    this.#requests.set(requestId, turn);
    try {
      return await turn;
    } finally {
      if (this.#requests.get(requestId) === turn) this.#requests.delete(requestId);
    }
  }

  async #create(request: SealedRequest, origin: JobOrigin, digest: string | null): Promise<JobId> {
    const { environment, user, limits, disk, maxLogBytes, onCreated } = this.#ports;
    disk.check();
    const completed = { maxLogBytes, ...(user && { cwd: user.defaultCwd }), ...request };
    const spec = completeRequest(completed, environment, origin);
    // A service that is kept up was allowed when it was started: no limit must keep it down.
    const place = spec.service?.run == null ? limits.admit(spec.tokenId) : limits.resume(spec.tokenId);
    try {
      const usable = user === null ? spec : await this.#madeFor(user, request, spec);
      const jobId = await this.#store(usable, digest);
      onCreated(jobId, usable, place);
      return jobId;
    } catch (error) {
      place[Symbol.dispose]();
      throw asToldOfDisk(error);
    }
  }

  /** With the first program of that name that the user may execute, as a shell of the user would find it. */
  async #madeFor(user: JobUser, request: SealedRequest, spec: JobSpec): Promise<JobSpec> {
    const programs = possiblePrograms(request, spec, this.#ports.environment);
    const program = await chooseProgram(user, spec.cwd, programs);
    const usable = { ...spec, command: [program, ...spec.command.slice(1)] };
    if (spec.stopCommand === null || request.stopCommand === undefined) return usable;
    const stopCommand = await this.#madeFor(
      user,
      { command: request.stopCommand },
      { ...spec, command: spec.stopCommand, stopCommand: null },
    );
    return { ...usable, stopCommand: stopCommand.command };
  }

  async #store(spec: JobSpec, digest: string | null): Promise<JobId> {
    const { jobs, dataDirectory, jobIds } = this.#ports;
    const jobId = jobIds.next();
    const first: TransitionRecord = {
      number: 1,
      from: null,
      to: 'QUEUED',
      atMs: Date.now(),
      reason: 'NONE',
      cause: null,
    };
    const directory = dataDirectory.jobDirectory(jobId);
    try {
      await Promise.all([createJobFiles(directory, spec, digest, first), jobIds.settled()]);
      this.#ports.pass('TRANSITION_WRITTEN');
      await jobs.insertQueued(jobId, spec, digest, first);
    } catch (error) {
      // Whoever asked is told that there is no job: the next start of the server must not find one.
      rmSync(directory.path, { recursive: true, force: true });
      throw error;
    }
    return jobId;
  }
}
