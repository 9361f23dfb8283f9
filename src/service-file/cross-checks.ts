import { parseDurationMs } from '../domain/duration.ts';
import type { Path } from './located-document.ts';
import type { Fault } from './problems.ts';

// What several keys say together. It is looked at also where the shape is wrong somewhere, so that all faults are told at
// once; so nothing is taken for granted about the values.

type Mapping = Readonly<Record<string, unknown>>;

/** What does not go together in a file. */
export function crossFaults(data: unknown): Fault[] {
  const services = mapping(mapping(data)?.['services']);
  if (services === undefined) return [];
  return [
    ...Object.entries(services).flatMap(([name, service]) =>
      serviceFaults(['services', name], name, mapping(service)),
    ),
    ...placeFaults(services),
    ...cycleFaults(services),
  ];
}

function serviceFaults(path: Path, name: string, service: Mapping | undefined): Fault[] {
  if (service === undefined) return [];
  const { readiness, liveness, schedule, restart } = service;
  return [
    ...exactlyOne(path, service, ['command', 'script']),
    ...probeFaults([...path, 'readiness'], mapping(readiness), ['exec', 'http', 'tcp', 'log', 'delay']),
    ...probeFaults([...path, 'liveness'], mapping(liveness), ['exec', 'http', 'tcp']),
    ...scheduleFaults([...path, 'schedule'], mapping(schedule)),
    ...restartFaults([...path, 'restart'], mapping(restart)),
    ...afterFaults([...path, 'after'], name, service['after']),
  ];
}

function probeFaults(path: Path, probe: Mapping | undefined, actions: readonly string[]): Fault[] {
  if (probe === undefined) return [];
  const foreign = ['log', 'delay'].filter((key) => key in probe && !actions.includes(key));
  return [
    ...foreign.map((key) => ({
      path: [...path, key],
      isKey: true,
      message: `Only readiness can have it. Allowed: ${actions.join(', ')}.`,
    })),
    ...(foreign.length > 0 ? [] : exactlyOne(path, probe, actions)),
    ...needs(path, probe, 'status', 'http'),
    ...needs(path, probe, 'stream', 'log'),
  ];
}

function scheduleFaults(path: Path, schedule: Mapping | undefined): Fault[] {
  if (schedule === undefined) return [];
  return [
    ...exactlyOne(path, schedule, ['cron', 'every', 'at']),
    ...needs(path, schedule, 'timeZone', 'cron'),
    ...needs(path, schedule, 'from', 'every'),
  ];
}

function restartFaults(path: Path, restart: Mapping | undefined): Fault[] {
  const first = delayMs(restart?.['firstDelay'] ?? '1s');
  const most = delayMs(restart?.['maxDelay'] ?? '60s');
  if (first === undefined || most === undefined || first <= most) return [];
  return [{ path, message: 'firstDelay is longer than maxDelay; make one of them fit.' }];
}

function delayMs(time: unknown): number | undefined {
  return time === 0 ? 0 : typeof time === 'string' ? parseDurationMs(time, Infinity) : undefined;
}

function afterFaults(path: Path, name: string, after: unknown): Fault[] {
  const names: unknown[] = Array.isArray(after) ? after : namesIn(after);
  return names.flatMap((other, index) => {
    const at = [...path, Array.isArray(after) ? index : String(other)];
    if (other === name) return [{ path: at, message: 'A service cannot come after itself.' }];
    return names.indexOf(other) === index ? [] : [{ path: at, message: `${String(other)} is here already.` }];
  });
}

/** What the others of the file do not allow. */
function placeFaults(services: Mapping): Fault[] {
  return Object.entries(services).flatMap(([name, service]) =>
    namesIn(mapping(service)?.['after']).flatMap((otherName): Fault[] => {
      const other = otherName === name ? undefined : mapping(services[otherName]);
      const path = ['services', name, 'after'];
      if (other?.['schedule'] !== undefined) {
        return [
          { path, message: `${otherName} has a schedule; only what is kept up can come before others.` },
        ];
      }
      if (other?.['desired'] !== 'down' || mapping(service)?.['desired'] === 'down') return [];
      return [
        { path, message: `${otherName} shall be down, and this one up, which needs it. Make them the same.` },
      ];
    }),
  );
}

/** Circles among the services of the file, each told once. */
function cycleFaults(services: Mapping): Fault[] {
  const next = new Map(
    Object.entries(services).map(([name, service]) => [name, namesIn(mapping(service)?.['after'])] as const),
  );
  const finished = new Set<string>();
  const faults: Fault[] = [];
  const visit = (name: string, trail: readonly string[]): void => {
    const begin = trail.indexOf(name);
    if (begin !== -1) {
      const circle = [...trail.slice(begin), name];
      if (circle.length > 2) {
        faults.push({
          path: ['services', name, 'after'],
          message: `These wait for each other: ${circle.join(' after ')}. Take one of them out.`,
        });
      }
      return;
    }
    if (finished.has(name)) return;
    for (const other of next.get(name) ?? []) visit(other, [...trail, name]);
    finished.add(name);
  };
  for (const name of next.keys()) visit(name, []);
  return faults;
}

function exactlyOne(path: Path, values: Mapping, keys: readonly string[]): Fault[] {
  const given = keys.filter((key) => key in values);
  if (given.length === 1) return [];
  const said = given.length === 0 ? 'none is here' : `${given.join(' and ')} are here`;
  return [{ path, isKey: true, message: `Give exactly one of ${keys.join(', ')}; ${said}.` }];
}

function needs(path: Path, values: Mapping, key: string, other: string): Fault[] {
  if (!(key in values) || other in values) return [];
  return [{ path: [...path, key], isKey: true, message: `It goes with ${other} alone.` }];
}

function namesIn(after: unknown): string[] {
  if (!Array.isArray(after)) return Object.keys(mapping(after) ?? {});
  return after.filter((name): name is string => typeof name === 'string');
}

function mapping(value: unknown): Mapping | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Mapping)
    : undefined;
}
