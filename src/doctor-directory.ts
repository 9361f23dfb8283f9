import { existsSync, lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fine, note, problem, type Finding } from './finding.ts';
import { JobDirectoryUnreadableError, loadSpec } from './storage/job-files.ts';
import { checkDirectoryFormat, DIRECTORY_FORMAT, readDirectoryFormat } from './storage/directory-format.ts';
import { readSnapshot } from './storage/database-snapshot.ts';
import { JobDirectory } from './storage/job-directory.ts';
import { migrationNames } from './storage/migration-files.ts';
import { checkMigrations } from './storage/migrations.ts';
import { StartupError } from './storage/startup-error.ts';

/** So many are named in a sentence; the others are counted. */
const NAMED = 10;

/** What is in the data directory. @param isServed whether a server runs on it */
export function examineDirectory(path: string, isServed: boolean): Finding[] {
  const format = said('format', () => {
    checkDirectoryFormat(path);
    const found = readDirectoryFormat(path);
    return found === DIRECTORY_FORMAT
      ? fine('format', `The data directory has format ${String(found)}, the newest.`)
      : note('format', 'The data directory is of a former version; the next start carries it over.');
  });
  if (format.level === 'PROBLEM') return [format];
  return [format, ...permissions(path), ...database(path, isServed), ...leftovers(path)];
}

function said(check: string, look: () => Finding): Finding {
  try {
    return look();
  } catch (error) {
    if (!(error instanceof StartupError)) throw error;
    // Its sentences say what to do, too.
    const [what = '', ...todo] = error.message.split(/(?<=\.) /);
    return problem(check, what, todo.join(' '));
  }
}

function permissions(path: string): Finding[] {
  const own = process.getuid?.();
  const foreign: string[] = [];
  const open: string[] = [];
  for (const name of ['', ...readdirSync(path)]) {
    const found = lstatSync(join(path, name), { throwIfNoEntry: false });
    if (found === undefined || found.isSymbolicLink()) continue;
    if (found.uid !== own) foreign.push(name === '' ? path : name);
    if ((found.mode & 0o077) !== 0) open.push(name === '' ? path : name);
  }
  const findings: Finding[] = [];
  if (foreign.length > 0)
    findings.push(
      problem(
        'permissions',
        `Not of the user that asks (${String(own)}): ${named(foreign)}.`,
        `Run the server and this command as one user, or give it what is there: chown -R USER ${path}.`,
      ),
    );
  if (open.length > 0)
    findings.push(
      problem(
        'permissions',
        `Other users can get at it: ${named(open)}.`,
        `Take that from them: chmod -R go= ${path}. The next start does so, too.`,
      ),
    );
  return findings.length > 0 ? findings : [fine('permissions', 'Nobody else can get at the data.')];
}

function database(path: string, isServed: boolean): Finding[] {
  const databasePath = join(path, 'lifeline.db');
  if (!existsSync(databasePath)) {
    return [
      note(
        'database',
        'There is no database.',
        'The next start makes one, of the directories of the jobs where there are any.',
      ),
    ];
  }
  // Directories first: a job has its directory before its row.
  const directories = readdirSync(join(path, 'jobs'));
  const whole = said('database', () => {
    const missing = migrationNames().length - checkMigrations({ path, databasePath }).length;
    return missing === 0
      ? fine('database', 'The database is whole, and of this version.')
      : note(
          'database',
          'The database is whole, and of a former version; the next start backs it up and brings it to this one.',
        );
  });
  if (whole.level !== 'OK') return [whole];
  return [whole, ...orphans(path, directories, readSnapshot(databasePath).jobIds, isServed)];
}

function orphans(
  path: string,
  directories: readonly string[],
  rows: readonly number[],
  isServed: boolean,
): Finding[] {
  const ids = new Set(directories.filter((name) => /^[1-9]\d*$/.test(name)).map(Number));
  const known = new Set(rows);
  const newest = rows.at(-1) ?? 0;
  // A server may be making those that come after the newest row.
  const withoutRow = [...ids].filter((id) => !known.has(id) && !(isServed && id > newest));
  const readable = withoutRow.filter((id) => isReadable(new JobDirectory(join(path, 'jobs'), id)));
  const unreadable = withoutRow.filter((id) => !readable.includes(id));
  const withoutDirectory = rows.filter((id) => !ids.has(id) && !existsSync(join(path, 'jobs', String(id))));
  const tombstones = directories.filter((name) => name.startsWith('deleted-'));
  const strays = directories.filter((name) => !/^(deleted-)?[1-9]\d*$/.test(name));
  const findings: Finding[] = [];
  const add = (names: readonly (string | number)[], what: string, todo: string): void => {
    if (names.length > 0) findings.push(problem('orphans', `${what}: ${named(names.map(String))}.`, todo));
  };
  add(
    readable,
    'Directories of jobs that the database does not know',
    'Restart the server: it restores them.',
  );
  add(
    unreadable,
    'Directories without a row that are no job’s, or cannot be read',
    `Look into them below ${join(path, 'jobs')}, and move away what is not wanted.`,
  );
  add(
    withoutDirectory,
    'Jobs whose directory, and with it their log, is gone',
    'Put the directories back from a backup, or delete these jobs.',
  );
  add(strays, 'What is no job’s, among the directories of jobs', 'Move it away.');
  if (tombstones.length > 0 && !isServed)
    findings.push(
      note(
        'orphans',
        `The deletion of ${String(tombstones.length)} jobs was interrupted; the next start ends it.`,
      ),
    );
  if (findings.length > 0) return findings;
  return [fine('orphans', `Each of ${String(rows.length)} jobs has its row and its directory.`)];
}

function isReadable(directory: JobDirectory): boolean {
  try {
    loadSpec(directory);
    return true;
  } catch (error) {
    if (error instanceof JobDirectoryUnreadableError) return false;
    throw error;
  }
}

function leftovers(path: string): Finding[] {
  const aside = readdirSync(path).filter((name) => /^(damaged|replaced)-/.test(name));
  return aside.length === 0
    ? []
    : [
        note(
          'leftovers',
          `Moved aside by rebuild or restore: ${named(aside)}.`,
          'Delete it when it is not needed any more.',
        ),
      ];
}

function named(names: readonly string[]): string {
  const more = names.length - NAMED;
  return `${names.slice(0, NAMED).join(', ')}${more > 0 ? ` and ${String(more)} more` : ''}`;
}
