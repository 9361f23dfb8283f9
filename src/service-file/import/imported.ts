import { isServiceName } from '../../domain/service-name.ts';
import type { ServiceEntry } from '../schema.ts';

/** What another format says, as entries of a lifeline.yaml. */
export interface Imported {
  readonly services: Readonly<Record<string, ServiceEntry>>;
  /** What does not carry over, or means something else here. */
  readonly notes: readonly ImportNote[];
}

export interface ImportNote {
  /** Of the service; `*` for what is about all. */
  readonly name: string;
  /** As the other format calls it. */
  readonly key: string;
  readonly why: string;
}

/** Such as `web: PORT: …`. */
export function noteLine({ name, key, why }: ImportNote): string {
  return `${name}: ${key}: ${why}`;
}

/** Gives each name of another format one that a service can have, and no two the same. */
export function serviceNamesFor(names: readonly string[]): ReadonlyMap<string, string> {
  const taken = new Set(names.filter(isServiceName));
  return new Map(
    names.map((name) => {
      if (isServiceName(name)) return [name, name];
      const plain =
        name
          .replaceAll(/[^A-Za-z0-9._-]/g, '-')
          .replace(/^[^A-Za-z0-9]+/, '')
          .slice(0, 58) || 'service';
      let free = plain;
      for (let count = 2; taken.has(free); count++) free = `${plain}-${count}`;
      taken.add(free);
      return [name, free];
    }),
  );
}
