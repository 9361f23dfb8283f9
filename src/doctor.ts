import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { examineDirectory } from './doctor-directory.ts';
import { examineMachine } from './doctor-machine.ts';
import { fine, note, problem, type Finding } from './finding.ts';
import { findLeaseHolder } from './storage/instance-lease.ts';

/**
 * Looks at a data directory and at what its server needs of the machine, and changes nothing. Also while the server runs: what is
 * the server's own, such as its limits, is then that of its process, and otherwise of this one.
 * @param version of Lifeline
 */
export async function examine(
  dataDirectory: string,
  version: string,
  environment: NodeJS.ProcessEnv,
): Promise<Finding[]> {
  process.umask(0o077);
  const path = resolve(dataDirectory);
  if (!existsSync(path)) {
    const todo = 'Name another one with --data-dir, or start a server, which makes it.';
    return [
      problem('directory', `There is no data directory ${path}.`, todo),
      ...(await examineMachine('/', null, version, environment)),
    ];
  }
  const { isHeld, pid } = findLeaseHolder(path);
  const server = isHeld
    ? fine('server', `A server runs on ${path}${pid === null ? '' : `, with pid ${String(pid)}`}.`)
    : note('server', `No server runs on ${path}.`);
  return [
    server,
    ...examineDirectory(path, isHeld),
    ...(await examineMachine(path, isHeld ? pid : null, version, environment)),
  ];
}
