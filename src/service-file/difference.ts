import type { WantedService } from './read-service-file.ts';
import { entryOf } from './to-entry.ts';

/**
 * ADD      the file has it, the server does not
 * CHANGE   its definition is another one
 * DESIRED  its definition is the same, and it shall be up or down instead
 * NONE     nothing
 * REMOVE   the server has it, the file does not
 */
export type ChangeKind = 'ADD' | 'CHANGE' | 'DESIRED' | 'NONE' | 'REMOVE';

/** A key of the file, what it is, and what it shall be; `undefined` where it goes without saying. */
export interface ChangedField {
  /** Such as `env.PORT`, `readiness.period`. */
  readonly path: string;
  readonly from: unknown;
  readonly to: unknown;
}

export interface ServiceChange {
  readonly name: string;
  readonly change: ChangeKind;
  /** In the order of the file's keys. Of an added service what it begins with, of a removed one nothing. */
  readonly fields: readonly ChangedField[];
}

/** What takes a server from what it has to what a file wants: the services of the file in its order, then those it does not have. */
export function differenceOf(
  current: ReadonlyMap<string, WantedService>,
  wanted: ReadonlyMap<string, WantedService>,
): ServiceChange[] {
  const inFile = Array.from(wanted, ([name, service]): ServiceChange => {
    const former = current.get(name);
    const fields = changedFields(former === undefined ? {} : entryOf(former), entryOf(service));
    return { name, change: kindOf(former, fields), fields };
  });
  const onlyOnServer = [...current.keys()].filter((name) => !wanted.has(name)).sort();
  return [...inFile, ...onlyOnServer.map((name) => ({ name, change: 'REMOVE' as const, fields: [] }))];
}

function kindOf(former: WantedService | undefined, fields: readonly ChangedField[]): ChangeKind {
  if (former === undefined) return 'ADD';
  if (fields.length === 0) return 'NONE';
  return fields.every(({ path }) => path === 'desired') ? 'DESIRED' : 'CHANGE';
}

function changedFields(from: object, to: object): ChangedField[] {
  const before = leavesOf(from);
  const after = leavesOf(to);
  return [...new Set([...after.keys(), ...before.keys()])]
    .filter((path) => JSON.stringify(before.get(path)) !== JSON.stringify(after.get(path)))
    .map((path) => ({ path, from: before.get(path), to: after.get(path) }));
}

/** What stands at the ends of all paths. A list is one value. */
function leavesOf(value: object, above = ''): Map<string, unknown> {
  return new Map(
    Object.entries(value).flatMap(([key, inner]: [string, unknown]): [string, unknown][] => {
      const path = `${above}${key}`;
      const isMapping = typeof inner === 'object' && inner !== null && !Array.isArray(inner);
      return isMapping ? [...leavesOf(inner, `${path}.`)] : [[path, inner]];
    }),
  );
}

const SECRET =
  /pass(word|wd|phrase)?|secret|token|credential|api_?key|private_?key|auth|dsn|_key$|_url$|_uri$/i;

/** Whether a key holds what should not be shown to whoever looks over a shoulder: a variable whose name sounds like it. */
export function isSecretPath(path: string): boolean {
  return path.startsWith('env.') && SECRET.test(path.slice('env.'.length));
}
