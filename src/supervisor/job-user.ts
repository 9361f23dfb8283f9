import { execFile, execFileSync } from 'node:child_process';
import { promisify } from 'node:util';
import { CommandNotFoundError, InvalidInputError } from '../domain/errors.ts';
import { StartupError } from '../storage/startup-error.ts';
import { findProgram } from './launch-tools.ts';

const SHELL = '/bin/sh';
/** Names and numbers; what could be an option of a program is neither. */
const WRITTEN = /^\w[\w.@\\$-]*$/;
const PROBE_LIMIT_MS = 10_000;
/** Exit codes of the look that is taken as the user. */
const CANNOT_ENTER = 11;
const CANNOT_EXECUTE = 12;

/** The user that jobs run as, where that is not the server's own. */
export interface JobUser {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  /** As the user database says; it need not be there. */
  readonly home: string;
  /** Where jobs run that name no directory: the home, or `/` where the user cannot enter that. */
  readonly defaultCwd: string;
  /**
   * What stands before a program to run it as this user, with the groups that it has then and no capability. The program
   * is run with the environment that this is run with: so that must not come from a request.
   */
  readonly become: readonly [string, ...string[]];
}

/**
 * Finds a user and makes sure that this server may become it, since no job can be run otherwise.
 * @param wanted name or number
 * @param path directories to look for programs in, as in PATH
 * @throws StartupError
 */
export function findJobUser(wanted: string, path: string): JobUser {
  if (process.geteuid?.() !== 0) {
    throw new StartupError(
      `--run-as ${wanted} needs a server that runs as root: nobody else may start programs as another user. Start it as root, or leave --run-as out.`,
    );
  }
  const need = (name: string): string => {
    const found = findProgram(name, path);
    if (found === null)
      throw new StartupError(
        `--run-as needs the program ${name}, which is not in PATH. Install it (setpriv is in util-linux).`,
      );
    return found;
  };
  need('chown');
  const [name, uid, gid, home] = lookUp(need('getent'), wanted);
  const become = [
    need('setpriv'),
    `--reuid=${String(uid)}`,
    `--regid=${String(gid)}`,
    '--init-groups',
    '--inh-caps=-all',
    '--',
  ] as const;
  const user = { name, uid, gid, home, become };
  const problem = probe(user, ['-c', 'exit 0']);
  if (problem !== '') {
    throw new StartupError(
      `--run-as ${wanted}: this server may not become that user (${problem}). In a container it needs the capabilities SETUID and SETGID.`,
    );
  }
  const isAtHome = probe(user, ['-c', 'cd -- "$1"', SHELL, home]) === '';
  return { ...user, defaultCwd: isAtHome ? home : '/' };
}

/**
 * Makes sure that the user may enter the working directory of a job.
 * @param programs in the order in which they are meant
 * @returns the first that the user may execute
 * @throws InvalidInputError, CommandNotFoundError
 */
export async function chooseProgram(
  { name, become }: JobUser,
  cwd: string,
  programs: readonly string[],
): Promise<string> {
  const [setpriv, ...args] = become;
  const look =
    `cd -- "$1" || exit ${String(CANNOT_ENTER)}; shift; ` +
    `for p; do if [ -x "$p" ]; then printf %s "$p"; exit; fi; done; exit ${String(CANNOT_EXECUTE)}`;
  try {
    const looking = [...args, SHELL, '-c', look, SHELL, cwd, ...programs];
    const { stdout } = await promisify(execFile)(setpriv, looking, { env: {}, cwd: '/' });
    return stdout;
  } catch (error) {
    const { code } = error as { readonly code?: unknown };
    const written = (text: string): string => JSON.stringify(text.slice(0, 500));
    if (code === CANNOT_ENTER) {
      throw new InvalidInputError(
        `The working directory ${written(cwd)} cannot be entered by the user ${name}, as whom jobs run here.`,
        'cwd',
      );
    }
    if (code === CANNOT_EXECUTE) {
      throw new CommandNotFoundError(
        `The program ${written(programs[0] ?? '')} may not be executed by the user ${name}, as whom jobs run here.`,
      );
    }
    throw error;
  }
}

/** Source of the fields: passwd(5). */
function lookUp(getent: string, wanted: string): readonly [string, number, number, string] {
  let entry = '';
  try {
    if (WRITTEN.test(wanted)) entry = execFileSync(getent, ['passwd', wanted], { encoding: 'utf8' });
  } catch {
    // Not known: getent says so by its exit code alone.
  }
  const [name = '', , uid = '', gid = '', , home = ''] = (entry.split('\n')[0] ?? '').split(':');
  if (name === '' || !/^\d+$/.test(uid) || !/^\d+$/.test(gid)) {
    throw new StartupError(
      `--run-as ${wanted}: this machine knows no such user. Give a name or a number of one.`,
    );
  }
  return [name, Number(uid), Number(gid), home === '' ? '/' : home];
}

/** Runs a shell as the user. @returns what went wrong, in one line; empty where nothing did */
function probe({ become: [setpriv, ...args] }: Pick<JobUser, 'become'>, shell: readonly string[]): string {
  try {
    execFileSync(setpriv, [...args, SHELL, ...shell], {
      cwd: '/',
      env: {},
      stdio: ['ignore', 'ignore', 'pipe'],
      timeout: PROBE_LIMIT_MS,
    });
    return '';
  } catch (error) {
    const { stderr = '', message } = error as Error & { readonly stderr?: Buffer | string };
    return (stderr.toString().trim() || message).split('\n')[0] ?? message;
  }
}
