import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';

// Why by control groups: systemd ends what is in the unit's group, whoever started it. Variables such as INVOCATION_ID
// are inherited by what a service starts elsewhere, and lost on the way through sudo. Known gap: an ancestor that stops (a
// container, the user manager at the last logout) ends jobs, too, whatever its units say.

/** How long systemd may take to answer. */
const ANSWER_LIMIT_MS = 3_000;
/** With these, systemd leaves the processes of a unit alone that it did not start itself (systemd.kill(5)). */
const KEEPING_MODES = ['process', 'none'];

/** A service of systemd. */
export interface OwnUnit {
  /** Such as `lifeline.service`. */
  readonly name: string;
  /** Whether it belongs to a user's manager (`systemctl --user`). */
  readonly isUserUnit: boolean;
}

/** A unit that ends jobs together with the server, and how it says so. */
export interface EndingUnit extends OwnUnit {
  /** Such as `control-group`, the default. */
  readonly killMode: string;
}

/**
 * Whether the service that a process, by default this one, runs in would end jobs together with the server. Asks `systemctl`, as it is found
 * in the PATH of `environment`.
 * @returns `undefined` where it would not, where there is no such service, and where nobody can tell; never rejects
 */
export async function findEndingUnit(
  environment: NodeJS.ProcessEnv,
  signal: AbortSignal,
  pid: number | 'self' = 'self',
): Promise<EndingUnit | undefined> {
  try {
    const unit = unitIn(readFileSync(`/proc/${String(pid)}/cgroup`, 'utf8'));
    if (unit === undefined) return undefined;
    const manager = unit.isUserUnit ? ['--user'] : [];
    const { stdout } = await promisify(execFile)(
      'systemctl',
      [...manager, 'show', '--property=KillMode', '--', unit.name],
      { env: environment, signal, timeout: ANSWER_LIMIT_MS, killSignal: 'SIGKILL' },
    );
    const killMode = /^KillMode=(\S+)$/m.exec(stdout)?.[1];
    return killMode === undefined || KEEPING_MODES.includes(killMode) ? undefined : { ...unit, killMode };
  } catch {
    return undefined;
  }
}

/**
 * The service to which a process belongs, by its `/proc/<pid>/cgroup` (cgroups(7)): the innermost unit of the path, where that
 * is a service. What somebody starts in a session is in a scope.
 */
export function unitIn(cgroupFile: string): OwnUnit | undefined {
  for (const line of cgroupFile.split('\n')) {
    const [, path] = /^\d+:(?:|name=systemd):(\/.*)$/.exec(line) ?? [];
    const units = (path ?? '').split('/').filter((part) => /.\.(service|scope)$/.test(part));
    const name = units.at(-1);
    if (name?.endsWith('.service') !== true) continue;
    return { name, isUserUnit: units.slice(0, -1).some((unit) => unit.startsWith('user@')) };
  }
  return undefined;
}
