import type { KeptJobs, RetentionScope } from '../domain/retention.ts';

const NOTHING: KeptJobs = { jobs: 0, bytes: 0 };

/** How much there is of finished jobs, by service, while some of them are being removed. */
export class KeptTally {
  readonly #byService = new Map<number | null, KeptJobs>();

  /** @param serviceId `null` for jobs of no service */
  add(serviceId: number | null, jobs: number, bytes: number): void {
    const former = this.#byService.get(serviceId) ?? NOTHING;
    this.#byService.set(serviceId, { jobs: former.jobs + jobs, bytes: former.bytes + bytes });
  }

  get total(): KeptJobs {
    return sum([...this.#byService.values()]);
  }

  of(scope: RetentionScope): KeptJobs {
    switch (scope.kind) {
      case 'ALL':
        return this.total;
      case 'SERVICE':
        return this.#byService.get(scope.serviceId) ?? NOTHING;
      case 'OTHERS':
        return sum(
          [...this.#byService]
            .filter(([serviceId]) => serviceId === null || !scope.exceptServiceIds.includes(serviceId))
            .map(([, kept]) => kept),
        );
    }
  }
}

function sum(all: readonly KeptJobs[]): KeptJobs {
  return all.reduce(
    (total, { jobs, bytes }) => ({ jobs: total.jobs + jobs, bytes: total.bytes + bytes }),
    NOTHING,
  );
}
