import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { ScratchDirectory } from '../end-to-end/harness/scratch-directory.ts';

const BIN = process.env['POSTGRESQL_BIN']!;
/** PostgreSQL refuses to run as root. */
const AS_NOBODY =
  process.getuid?.() === 0 ? ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', '--'] : [];

/** Absolute path of one of PostgreSQL's programs. */
export function postgresqlProgram(name: 'initdb' | 'postgres' | 'pg_isready' | 'psql'): string {
  return join(BIN, name);
}

/** A cluster that listens on a socket in its own directory, and nowhere else; its superuser is `stack`. */
export class PostgresqlCluster {
  /** Of the socket, too. */
  readonly path: string;

  /** Makes it. @param scratch other users must be able to write to it */
  constructor(scratch: ScratchDirectory) {
    this.path = scratch.file('cluster');
    mkdirSync(this.path);
    chmodSync(this.path, 0o777);
    const args = ['--pgdata', this.dataPath, '--no-sync', '--auth=trust', '--username=stack'];
    const [program = '', ...rest] = [...AS_NOBODY, postgresqlProgram('initdb'), ...args];
    execFileSync(program, rest, { stdio: 'ignore', cwd: this.path });
  }

  get dataPath(): string {
    return join(this.path, 'data');
  }

  get socketPath(): string {
    return join(this.path, '.s.PGSQL.5432');
  }

  /** What starts its server. */
  get command(): string[] {
    const options = ['-k', this.path, '-c', 'listen_addresses=', '-c', 'fsync=off'];
    return [...AS_NOBODY, postgresqlProgram('postgres'), '-D', this.dataPath, ...options];
  }
}
