import { createHash, randomUUID } from 'node:crypto';
import {
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';

// Why a file and not a port to try: the port and the data directory are free to choose, and whoever listens on a port need
// not be Lifeline. Known gap: a server in another pid namespace with the same home directory looks gone.

const FILE_NAME = /^server-[0-9a-f]{16}\.json$/;

/** Where a running server is, for programs of the same user on the same machine. */
export interface ServerPointer {
  /** Such as `http://127.0.0.1:4000`, or `unix:/run/lifeline.sock`. */
  readonly url: string;
  /** Absolute path without symbolic links. */
  readonly dataDirectory: string;
  readonly pid: number;
  /** Absolute path of the file with its token; null where the token came from LIFELINE_TOKEN, and so is in no file. */
  readonly tokenFile: string | null;
  /** SHA-256 of its certificate, as Node writes it; null where it speaks no TLS. */
  readonly certificate: string | null;
}

/** Where pointers are: `$XDG_RUNTIME_DIR/lifeline`, or `~/.lifeline` where there is no such variable. */
export function pointerDirectory(environment: NodeJS.ProcessEnv): string {
  const runtimeDirectory = environment['XDG_RUNTIME_DIR'] ?? '';
  // Relative paths are to be ignored (XDG Base Directory Specification).
  if (isAbsolute(runtimeDirectory)) return join(runtimeDirectory, 'lifeline');
  return join(environment['HOME'] ?? homedir(), '.lifeline');
}

/**
 * Leaves a pointer to this process: a file of mode 0600, named by a hash of the data directory, replaced as a whole.
 * The guard removes it, unless it is another server's by then. A server without a pointer still serves: what prevents
 * one is told to `onFailure`, and the guard holds nothing.
 */
export function leaveServerPointer(
  pointer: Omit<ServerPointer, 'pid'>,
  environment: NodeJS.ProcessEnv,
  onFailure: (error: unknown) => void,
): Disposable {
  const directory = pointerDirectory(environment);
  const name = createHash('sha256').update(pointer.dataDirectory).digest('hex').slice(0, 16);
  const path = join(directory, `server-${name}.json`);
  const draft = `${path}.${randomUUID()}`;
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    writeFileSync(draft, `${JSON.stringify({ ...pointer, pid: process.pid })}\n`, {
      mode: 0o600,
      flag: 'wx',
    });
    renameSync(draft, path);
  } catch (error) {
    removeIfPossible(draft);
    onFailure(error);
    return { [Symbol.dispose]: () => undefined };
  }
  return {
    [Symbol.dispose]: () => {
      if (readPointer(path)?.pid === process.pid) removeIfPossible(path);
    },
  };
}

/** The pointers to servers that still run, by data directory. Those of servers that are gone are removed. */
export function liveServers(environment: NodeJS.ProcessEnv): ServerPointer[] {
  const directory = pointerDirectory(environment);
  return namesIn(directory)
    .filter((name) => FILE_NAME.test(name))
    .flatMap((name) => {
      const path = join(directory, name);
      const pointer = readPointer(path);
      if (pointer === undefined) return [];
      if (isAlive(pointer.pid)) return [pointer];
      removeStale(path);
      return [];
    })
    .sort((a, b) => (a.dataDirectory < b.dataDirectory ? -1 : 1));
}

/** Takes the file aside before it looks again: a server that starts right now may have put a new one there. */
function removeStale(path: string): void {
  const aside = `${path}.${randomUUID()}`;
  try {
    renameSync(path, aside);
    const pointer = readPointer(aside);
    if (pointer !== undefined && isAlive(pointer.pid)) linkSync(aside, path);
  } catch {
    // Somebody else was faster, or nothing may be removed here: the pointer is ignored either way.
  } finally {
    removeIfPossible(aside);
  }
}

function removeIfPossible(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch {
    // A directory that cannot be used: there is nothing of ours in it.
  }
}

/** `undefined` for what is no pointer of this user's own: a token goes where a pointer says. */
function readPointer(path: string): ServerPointer | undefined {
  try {
    const { uid, mode } = lstatSync(path);
    if (uid !== process.getuid?.() || (mode & 0o170_022) !== 0o100_000) return undefined;
    const read: unknown = JSON.parse(readFileSync(path, 'utf8'));
    // Servers before TLS left none.
    return isPointer(read) ? { ...read, certificate: read.certificate ?? null } : undefined;
  } catch {
    return undefined;
  }
}

function isPointer(value: unknown): value is Omit<ServerPointer, 'certificate'> & Partial<ServerPointer> {
  if (typeof value !== 'object' || value === null) return false;
  const { url, dataDirectory, pid, tokenFile, certificate } = value as Readonly<Record<string, unknown>>;
  return (
    typeof url === 'string' &&
    URL.canParse(url) &&
    typeof dataDirectory === 'string' &&
    Number.isSafeInteger(pid) &&
    Number(pid) > 0 &&
    (tokenFile === null || typeof tokenFile === 'string') &&
    (certificate === undefined || certificate === null || typeof certificate === 'string')
  );
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}
