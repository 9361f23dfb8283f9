import { spawn, type ChildProcess } from 'node:child_process';
import { chownSync, closeSync, constants, openSync, writeFileSync } from 'node:fs';
import type { Duplex } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { isSealed, type PlainEnvEntry } from '../domain/env-entry.ts';
import type { JobSpec } from '../domain/job-spec.ts';
import type { ProcessIdentity } from '../domain/process-identity.ts';
import { isDiskFull } from '../storage/disk-full.ts';
import type { JobDirectory } from '../storage/job-directory.ts';
import { createExitRecord } from './exit-record.ts';
import type { JobUser } from './job-user.ts';
import { inOnePiece, launchScript, type LaunchTools } from './launch-script.ts';
import { parseStat, readProcess } from './process-table.ts';
import { requireSpareDescriptors } from './spare-descriptors.ts';

/** From src/supervisor/ and from dist/server/ alike. */
const SHIM_PATH = fileURLToPath(new URL('./shim.sh', import.meta.url));
/** Long: a machine that has far more to do than it can is slow, not broken, and the first of 300 jobs at once wait for their turn, too. */
const IDENTITY_TIMEOUT_MS = 60_000;

/** The program could not be brought to its gate. Nothing of it runs. */
export class LaunchFailedError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
  }
}

/**
 * Guard of a shim whose program waits at its gate. Disposed before the gate opened, the program never runs; afterwards
 * disposal only lets go, and the job lives on.
 */
export interface GatedProcess extends Disposable {
  /** Our child, who leads the session of the shim: the shim itself, or its subreaper. */
  readonly shim: ProcessIdentity;
  readonly program: ProcessIdentity;
  openGate(): void;
  /** Lets the program go without having run. */
  closeGate(): void;
  /** Calls back once, when our child, the shim, has ended. */
  onShimEnd(listener: () => void): void;
}

/** How a job's processes come to be. A port, so that the supervisor can be shown what failure looks like. */
export interface Launcher {
  /**
   * @param environment everything that the program gets, cookie included
   * @throws LaunchFailedError
   */
  launch(
    directory: JobDirectory,
    spec: JobSpec,
    environment: readonly PlainEnvEntry[],
  ): Promise<GatedProcess>;
}

/** Launches through the shim (shim.sh says how its descriptors are used). */
export class ShimLauncher implements Launcher {
  readonly #tools: LaunchTools;
  readonly #shim: readonly [string, ...string[]];
  readonly #shimArguments: readonly string[];
  readonly #user: JobUser | null;

  /**
   * @param subreaper absolute path of `tini`, under which the shim is to run; `null` for none
   * @param user whom programs run as; `null` for the server's own user. Shim, sinks and files are the server's in any case
   */
  constructor(tools: LaunchTools, subreaper: string | null, user: JobUser | null = null) {
    this.#tools = tools;
    this.#user = user;
    this.#shim =
      subreaper === null ? [tools.shell, SHIM_PATH] : [subreaper, '-s', '--', tools.shell, SHIM_PATH];
    this.#shimArguments = [
      subreaper === null ? 'alone' : 'subreaper',
      ...(user === null ? [] : [`${String(user.uid)}:${String(user.gid)}`, ...user.become, tools.shell]),
    ];
  }

  async launch(
    directory: JobDirectory,
    spec: JobSpec,
    environment: readonly PlainEnvEntry[],
  ): Promise<GatedProcess> {
    const script = launchScript(spec, environment, this.#tools, this.#user !== null);
    const hasSecrets = spec.env.some(isSealed);
    const child = this.#spawnShim(directory, spec, hasSecrets ? null : script);
    const gate = gateOf(child);
    if (gate === undefined)
      throw new LaunchFailedError('The shim could not be started: no descriptors or processes are left.');
    gate.on('error', () => undefined); // A shim that died: its end is noticed through the child.
    try {
      const program = await readIdentity(child, gate);
      const shim = child.pid === undefined ? undefined : readProcess(child.pid);
      if (shim === undefined) throw new LaunchFailedError('The shim ended before the program could start.');
      return gatedProcess(
        child,
        gate,
        { shim, program },
        hasSecrets ? `text\n${inOnePiece(script)}` : 'go\n',
      );
    } catch (error) {
      gate.destroy();
      throw error;
    }
  }

  /** @param script `null` where it comes through the gate, since no file may have it */
  #spawnShim(directory: JobDirectory, spec: JobSpec, script: string | null): ChildProcess {
    const descriptors: number[] = [];
    const own = (descriptor: number): number => {
      descriptors.push(descriptor);
      return descriptor;
    };
    try {
      if (script !== null) writeFileSync(directory.launchScriptPath, script, { mode: 0o600 });
      // With a byte in it, it has a block: what a sink says of a full disk still finds room there.
      writeFileSync(directory.shimErrorsPath, '\n', { mode: 0o600, flag: 'wx' });
      const append = constants.O_WRONLY | constants.O_CREAT | constants.O_APPEND | constants.O_NOFOLLOW;
      const stdin = spec.stdin === null ? 'ignore' : own(openStdin(directory, spec.stdin, this.#user));
      const shimErrors = own(openSync(directory.shimErrorsPath, append, 0o600));
      const record = own(createExitRecord(directory.exitRecordPath));
      const stdout = own(openSync(directory.logPath('STDOUT'), append, 0o600));
      const stderr = own(openSync(directory.logPath('STDERR'), append, 0o600));
      requireSpareDescriptors();
      const [program, ...args] = this.#shim;
      const child = spawn(program, [...args, directory.launchScriptPath, ...this.#shimArguments], {
        cwd: '/',
        detached: true,
        env: { PATH: this.#tools.path },
        stdio: [stdin, 'ignore', shimErrors, record, stdout, stderr, 'pipe'],
      });
      child.on('error', () => undefined); // Without a pid; readIdentity rejects.
      child.unref();
      return child;
    } catch (error) {
      const why = isDiskFull(error) ? 'the disk is full' : errorCode(error);
      throw new LaunchFailedError(`The shim could not be started (${why}).`, { cause: error });
    } finally {
      for (const descriptor of descriptors) closeSync(descriptor);
    }
  }
}

/** Missing where spawn failed for want of descriptors. Node types five streams only. */
function gateOf(child: ChildProcess): Duplex | undefined {
  return (child.stdio as readonly unknown[] | undefined)?.[6] as Duplex | undefined;
}

/** It belongs to the program's user, who may open /dev/stdin once more. */
function openStdin(directory: JobDirectory, text: string, user: JobUser | null): number {
  writeFileSync(directory.stdinPath, text, { mode: 0o600 });
  if (user !== null) chownSync(directory.stdinPath, user.uid, user.gid);
  return openSync(directory.stdinPath, constants.O_RDONLY | constants.O_NOFOLLOW);
}

/** Waits for the line of /proc/self/stat that the program's subshell sends before it waits at the gate. */
async function readIdentity(child: ChildProcess, gate: Duplex): Promise<ProcessIdentity> {
  return new Promise((resolve, reject) => {
    let text = '';
    const settle = (settleWith: () => void): void => {
      clearTimeout(timer);
      child.removeListener('error', onError);
      child.removeListener('exit', onExit);
      gate.removeListener('data', onData);
      settleWith();
    };
    const fail = (message: string, cause?: unknown): void => {
      settle(() => {
        reject(new LaunchFailedError(message, { cause }));
      });
    };
    const onError = (error: Error): void => {
      fail(`The shim could not be started (${errorCode(error)}).`, error);
    };
    const onExit = (): void => {
      fail('The shim ended before the program could start.');
    };
    const onData = (chunk: Buffer): void => {
      text += chunk.toString('latin1');
      if (!text.includes('\n')) return;
      const identity = parseStat(text);
      if (identity === undefined) fail('The shim did not say who the program is.');
      else
        settle(() => {
          resolve(identity);
        });
    };
    const timer = setTimeout(() => {
      fail(`The shim was not ready within ${String(IDENTITY_TIMEOUT_MS)} ms.`);
    }, IDENTITY_TIMEOUT_MS);
    child.once('error', onError);
    child.once('exit', onExit);
    gate.on('data', onData);
  });
}

/** @param word what opens the gate, with all that goes through it */
function gatedProcess(
  child: ChildProcess,
  gate: Duplex,
  identities: Pick<GatedProcess, 'shim' | 'program'>,
  word: string,
): GatedProcess {
  let listener: (() => void) | undefined;
  const onExit = (): void => listener?.();
  child.once('exit', onExit);
  return {
    ...identities,
    openGate: () => {
      gate.end(word);
      gate.resume();
    },
    closeGate: () => {
      gate.destroy();
    },
    onShimEnd: (callback) => {
      listener = callback;
      if (child.exitCode !== null || child.signalCode !== null) callback();
    },
    [Symbol.dispose]: () => {
      listener = undefined;
      child.removeListener('exit', onExit);
      // Destroying it while `go` is still on its way would close the gate: an opened one is ended, and goes by itself.
      if (!gate.writableEnded) gate.destroy();
    },
  };
}

function errorCode(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? 'unknown error';
}
