import type { ServiceDefinition } from '../domain/service-definition.ts';
import type { ServiceLife } from '../domain/service-life.ts';

/** A service as it is stored, with its newest definition. */
export interface ServiceRecord {
  readonly id: number;
  readonly name: string;
  /** The number of its newest version: 1, 2, 3 … */
  readonly version: number;
  readonly definition: ServiceDefinition;
  readonly createdAtMs: number;
  readonly life: ServiceLife;
  /** Since when it is in its state, in milliseconds since the Unix epoch. */
  readonly sinceMs: number;
  /** How many steps its life has had. */
  readonly steps: number;
}
