import type { PlainEnvEntry } from '../domain/env-entry.ts';
import type { JobSpec } from '../domain/job-spec.ts';

/** Programs that a launch needs; found once at start. */
export interface LaunchTools {
  readonly shell: string;
  readonly env: string;
  readonly setsid: string;
  readonly stdbuf: string | null;
  /** A subreaper for those who want one. */
  readonly tini: string | null;
  /** Gives the beginning of a log back; without it logs grow beyond their caps. */
  readonly fallocate: string | null;
  /** Where the shim looks for its sinks, as in PATH. */
  readonly path: string;
}

/** Where the program's standard input waits while a shell reads the launch script from its own. Source: shim.sh. */
const WAITING_STDIN = 9;

/**
 * The shell text that becomes the program: working directory, environment, argv. It is read by the shim's subshell
 * after the gate, or, for another user, by that user's shell as its standard input. `env -u` takes out what bash puts into every environment by itself; the values stand in a file of
 * mode 0600, never in an argv that other users can read.
 */
export function launchScript(
  spec: JobSpec,
  environment: readonly PlainEnvEntry[],
  tools: LaunchTools,
  isForAnotherUser = false,
): string {
  const redirection = isForAnotherUser ? ` <&${String(WAITING_STDIN)} ${String(WAITING_STDIN)}<&-` : '';
  const buffering = spec.unbuffered && tools.stdbuf !== null ? [tools.stdbuf, '-oL', '-eL'] : [];
  const argv = [tools.env, '-u', '_', '-u', 'SHLVL', tools.setsid, ...buffering, ...spec.command];
  return `${surroundings(spec.cwd, environment)}exec ${argv.map(quote).join(' ')}${redirection}\n`;
}

/** The same text in one piece: a shell that has read a part of it does nothing. */
export function inOnePiece(script: string): string {
  return `{\n${script}}\n`;
}

/** The shell text that enters the working directory and sets the environment. */
export function surroundings(cwd: string, environment: readonly PlainEnvEntry[]): string {
  return [
    `cd -- ${quote(cwd)} || exit 126`,
    // bash comments on values that mean something to itself (LC_ALL, BASH_COMPAT); the job's log is not the place for it.
    '{',
    'unset PWD OLDPWD',
    ...environment.map(({ name, value }) => `export ${name}=${quote(value)}`),
    '} 2>/dev/null',
    '',
  ].join('\n');
}

/** One word for a POSIX shell, whatever bytes it holds (NUL cannot be in it). */
export function quote(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}
