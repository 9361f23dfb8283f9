import { readFileSync, statfsSync } from 'node:fs';
import { fine, note, problem, type Finding } from './finding.ts';
import { findEndingUnit } from './own-unit.ts';
import { sqliteVersion } from './storage/database-snapshot.ts';
import { StartupError } from './storage/startup-error.ts';
import { Containment } from './supervisor/containment.ts';
import { findLaunchTools } from './supervisor/launch-tools.ts';

const GIB = 1024 ** 3;
/** Each running job takes four descriptors of the server's. */
const FEW_DESCRIPTORS = 4_096;
const FEW_PROCESSES = 2_048;
const FEW_INOTIFY_INSTANCES = 16;
/** SQLite before this can damage a database that two connections write to (the WAL-reset fault). */
const OLDEST_SQLITE = [3, 51, 3];
const OLDEST_NODE = [20, 19, 0];

/**
 * What the server needs of the machine.
 * @param serverPid the process whose limits and unit count; `null` for this one
 */
export async function examineMachine(
  path: string,
  serverPid: number | null,
  version: string,
  environment: NodeJS.ProcessEnv,
): Promise<Finding[]> {
  return [
    ...versions(version),
    ...disk(path),
    ...tools(environment['PATH'] ?? '/usr/local/bin:/usr/bin:/bin', path),
    ...limits(serverPid ?? 'self'),
    inotify(),
    await killMode(environment, serverPid),
  ];
}

function versions(version: string): Finding[] {
  const sqlite = sqliteVersion();
  const said = `Lifeline ${version}, Node ${process.versions.node}, SQLite ${sqlite}.`;
  if (isOlder(process.versions.node, OLDEST_NODE))
    return [problem('versions', said, `Install Node ${OLDEST_NODE.join('.')} or newer.`)];
  if (isOlder(sqlite, OLDEST_SQLITE))
    return [
      problem('versions', said, 'Install Lifeline’s packages anew: this SQLite can damage the database.'),
    ];
  return [fine('versions', said)];
}

function isOlder(found: string, least: readonly number[]): boolean {
  const parts = found.split('.').map(Number);
  for (const [at, wanted] of least.entries()) {
    const part = parts[at] ?? 0;
    if (part !== wanted) return part < wanted;
  }
  return false;
}

function disk(path: string): Finding[] {
  const { bsize, blocks, bavail, files, ffree } = statfsSync(path);
  const free = bavail * bsize;
  const share = blocks === 0 ? 1 : bavail / blocks;
  const said = `${(free / GIB).toFixed(1)} GiB are free, ${(share * 100).toFixed(0)} %.`;
  const space =
    free < GIB || share < 0.05
      ? problem('disk', said, 'Free some space, or delete jobs: a full disk costs lines.')
      : fine('disk', said);
  if (files === 0 || ffree / files >= 0.05) return [space];
  const inodes = `Of the files that the file system can hold, ${String(ffree)} are left.`;
  return [space, problem('disk', inodes, 'Delete files: each job takes about ten.')];
}

function tools(path: string, dataDirectory: string): Finding[] {
  try {
    const found = findLaunchTools(path);
    using containment = Containment.find({
      wanted: 'auto',
      // Not the group of the jobs of a server that runs.
      dataDirectoryPath: `${dataDirectory}#doctor`,
      tini: found.tini,
    });
    const held =
      containment.means === 'none'
        ? note(
            'containment',
            'Nothing holds the processes of a job together here: one that leaves its session, its group, its parents and its environment behind can outlive a cancel.',
            'Install tini, or run the server in a unit with Delegate=yes.',
          )
        : fine('containment', `The processes of a job can be held together by a ${containment.means}.`);
    const said = `sh, cat, env and setsid are there${found.stdbuf === null ? '; stdbuf is not, so that unbuffered does less' : ', and stdbuf'}.`;
    return [found.stdbuf === null ? note('tools', said, 'Install coreutils.') : fine('tools', said), held];
  } catch (error) {
    if (!(error instanceof StartupError)) throw error;
    return [problem('tools', error.message, 'Install it, or put it into PATH.')];
  }
}

function limits(pid: number | 'self'): Finding[] {
  const text = readFileSync(`/proc/${String(pid)}/limits`, 'utf8');
  const hard = (name: string): number => {
    const [, , value] = new RegExp(`^${name} +(\\S+) +(\\S+)`, 'm').exec(text) ?? [];
    return value === undefined || value === 'unlimited' ? Infinity : Number(value);
  };
  const low = (name: string, found: number, least: number, setting: string): Finding =>
    found < least
      ? note(
          'limits',
          `${name}: ${String(found)} at most.`,
          `Raise it to ${String(least)} or more (${setting}).`,
        )
      : fine('limits', `${name}: ${found === Infinity ? 'no limit' : String(found)}.`);
  return [
    low('Open files', hard('Max open files'), FEW_DESCRIPTORS, 'LimitNOFILE=, or ulimit -Hn'),
    low('Processes of this user', hard('Max processes'), FEW_PROCESSES, 'LimitNPROC=, or ulimit -Hu'),
  ];
}

function inotify(): Finding {
  const read = (name: string): number => {
    try {
      return Number(readFileSync(`/proc/sys/fs/inotify/${name}`, 'utf8'));
    } catch {
      return 0;
    }
  };
  const [instances, watches] = [read('max_user_instances'), read('max_user_watches')];
  const said = `inotify: ${String(instances)} instances and ${String(watches)} watches for this user.`;
  return instances < FEW_INOTIFY_INSTANCES || watches < FEW_DESCRIPTORS
    ? note(
        'limits',
        said,
        'Raise fs.inotify.max_user_instances and max_user_watches (sysctl); without, logs are polled.',
      )
    : fine('limits', said);
}

async function killMode(environment: NodeJS.ProcessEnv, pid: number | null): Promise<Finding> {
  const unit = await findEndingUnit(environment, new AbortController().signal, pid ?? 'self');
  if (unit === undefined)
    return fine('kill-mode', 'No unit of systemd is known that would end the jobs with the server.');
  const { name, killMode: mode, isUserUnit } = unit;
  return problem(
    'kill-mode',
    `systemd ends all jobs when it stops or restarts ${name} (KillMode=${mode}).`,
    `Put KillMode=process into its [Service] section: systemctl ${isUserUnit ? '--user ' : ''}edit ${name}.`,
  );
}
