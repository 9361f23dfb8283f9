import {
  appendFileSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
} from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { ServiceDefinition } from '../domain/service-definition.ts';
import type { ServiceLife } from '../domain/service-life.ts';
import { DESIRED_STATES, SERVICE_STATES } from '../domain/service-state.ts';
import { GivenNumbers } from './job-ids.ts';
import { writeWhole } from './write-whole.ts';

// Why files beside the rows: what the directories hold outlives the database, and definitions are work of people. As with
// jobs, each step is written here first, so of the two records this is the one that can be ahead (decision 13).

/** The version of the files of one service. */
const FORMAT = 1;
const TOMBSTONE_PREFIX = 'deleted-';

/** Who a service is, and where it is in its life. */
export interface StoredService {
  readonly id: number;
  readonly name: string;
  readonly createdAtMs: number;
  readonly sinceMs: number;
  readonly steps: number;
  readonly life: ServiceLife;
}

/** One definition of a service. */
export interface StoredServiceVersion {
  /** 1, 2, 3 … within the service. */
  readonly number: number;
  readonly definition: ServiceDefinition;
  readonly savedAtMs: number;
  readonly savedBy: string;
}

/** All that the files say of a service; its versions ascend, and there is at least one. */
export interface ServiceOnFile extends StoredService {
  readonly versions: readonly [StoredServiceVersion, ...StoredServiceVersion[]];
}

/** What the directory of services holds. */
export interface ServiceListing {
  readonly services: readonly ServiceOnFile[];
  /** Ids of those whose deletion had begun. */
  readonly deleted: readonly number[];
  /** Ids of those that cannot be read, which stay as they are. */
  readonly unreadable: readonly number[];
}

const life = z.object({
  desired: z.enum(DESIRED_STATES),
  state: z.enum(SERVICE_STATES),
  why: z.string().nullable(),
  runs: z.int().nonnegative(),
  jobId: z.int().nullable(),
  failures: z.int().nonnegative(),
  retryAtMs: z.number().nullable(),
}) satisfies z.ZodType<ServiceLife>;
const service = z.object({
  format: z.literal(FORMAT),
  id: z.int().positive(),
  name: z.string(),
  createdAtMs: z.number(),
  sinceMs: z.number(),
  steps: z.int().nonnegative(),
  life,
});
const version = z.object({
  number: z.int().positive(),
  // Checked when it was saved.
  definition: z.custom<ServiceDefinition>((value) => typeof value === 'object' && value !== null),
  savedAtMs: z.number(),
  savedBy: z.string(),
}) satisfies z.ZodType<StoredServiceVersion>;

/**
 * The files of services: `<id>/service.json`, replaced as a whole, and `<id>/versions.jsonl`, a line a version. Written before
 * the database hears of it.
 */
export class ServiceFiles {
  readonly #path: string;
  readonly #ids: GivenNumbers;

  /**
   * Makes the directory if it is missing.
   * @param paths.services of the directory
   * @param paths.highestId of the file with the highest id ever given
   * @param highestInUse the highest id that has a row, or 0
   */
  constructor(paths: { readonly services: string; readonly highestId: string }, highestInUse: number) {
    this.#path = paths.services;
    mkdirSync(this.#path, { recursive: true, mode: 0o700 });
    const names = readdirSync(this.#path).map((name) => idOf(name) ?? 0);
    this.#ids = new GivenNumbers(paths.highestId, Math.max(highestInUse, ...names));
  }

  /** An id that no service has had. */
  nextId(): number {
    return this.#ids.next();
  }

  /** All of a service, new or anew. It is complete once `service.json` has its name. */
  write({ versions, ...stored }: ServiceOnFile): void {
    const path = this.#pathOf(stored.id);
    mkdirSync(path, { recursive: true, mode: 0o700 });
    const lines = versions.map((each) => `${JSON.stringify(each)}\n`).join('');
    writeWhole(join(path, 'versions.jsonl'), lines);
    this.writeLife(stored);
  }

  /** Where it is in its life. */
  writeLife({ id, ...stored }: StoredService): void {
    const path = this.#pathOf(id);
    mkdirSync(path, { recursive: true, mode: 0o700 });
    writeWhole(join(path, 'service.json'), `${JSON.stringify({ format: FORMAT, id, ...stored })}\n`);
  }

  /** One more version. A torn line costs itself alone: a number that comes twice counts as it came last. */
  addVersion(id: number, added: StoredServiceVersion): void {
    const path = join(this.#pathOf(id), 'versions.jsonl');
    mkdirSync(this.#pathOf(id), { recursive: true, mode: 0o700 });
    const torn = existsSync(path) && !readFileSync(path, 'utf8').endsWith('\n');
    const descriptor = openSync(path, 'a', 0o600);
    try {
      appendFileSync(descriptor, `${torn ? '\n' : ''}${JSON.stringify(added)}\n`);
    } finally {
      closeSync(descriptor);
    }
  }

  /** From now on it is no service. The caller removes the row, then calls `remove`. */
  bury(id: number): void {
    rmSync(this.#tombstoneOf(id), { recursive: true, force: true });
    if (existsSync(this.#pathOf(id))) renameSync(this.#pathOf(id), this.#tombstoneOf(id));
  }

  /** Removes what is there of a service, or of its tombstone. */
  remove(id: number): void {
    rmSync(this.#pathOf(id), { recursive: true, force: true });
    rmSync(this.#tombstoneOf(id), { recursive: true, force: true });
  }

  list(): ServiceListing {
    const services: ServiceOnFile[] = [];
    const unreadable: number[] = [];
    const deleted: number[] = [];
    for (const name of readdirSync(this.#path)) {
      const id = idOf(name);
      if (id === null) continue;
      if (name.startsWith(TOMBSTONE_PREFIX)) deleted.push(id);
      else {
        const found = this.#read(id);
        if (found === null) unreadable.push(id);
        else services.push(found);
      }
    }
    return { services: services.sort((a, b) => a.id - b.id), deleted, unreadable };
  }

  #read(id: number): ServiceOnFile | null {
    try {
      const path = this.#pathOf(id);
      const { format: _format, ...stored } = service.parse(
        JSON.parse(readFileSync(join(path, 'service.json'), 'utf8')),
      );
      const [first, ...more] = readVersions(join(path, 'versions.jsonl'));
      return stored.id !== id || first === undefined ? null : { ...stored, versions: [first, ...more] };
    } catch {
      return null;
    }
  }

  #pathOf(id: number): string {
    return join(this.#path, String(id));
  }

  #tombstoneOf(id: number): string {
    return join(this.#path, `${TOMBSTONE_PREFIX}${String(id)}`);
  }
}

/** 1, 2, 3 …, up to the first that is missing. */
function readVersions(path: string): StoredServiceVersion[] {
  const byNumber = new Map<number, StoredServiceVersion>();
  for (const line of readFileSync(path, 'utf8').split('\n')) {
    try {
      const read = version.parse(JSON.parse(line));
      byNumber.set(read.number, read);
    } catch {
      // Torn, or the end of the file.
    }
  }
  const versions: StoredServiceVersion[] = [];
  for (let next = byNumber.get(1); next !== undefined; next = byNumber.get(next.number + 1))
    versions.push(next);
  return versions;
}

function idOf(name: string): number | null {
  const [, digits] = /^(?:deleted-)?([1-9]\d{0,14})$/.exec(name) ?? [];
  return digits === undefined ? null : Number(digits);
}
