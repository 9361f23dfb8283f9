/**
 * supervisord and the tail of its web server, `/logtail`. Where it is not installed, Debian's package is fetched and
 * unpacked into the scratch directory, not installed.
 */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { gatedScript } from '../harness/gated-job.ts';
import { printCommand } from '../harness/lines-file.ts';
import { freePort } from './free-port.ts';
import { onCommands, peerSetup, sayToBench } from './peer-messages.ts';

const PACKAGES = ['supervisor', 'python3-pkg-resources'];
const FETCH_MS = 60_000;
const UNPACKED_PYTHON = 'usr/lib/python3/dist-packages';
const PROGRAM = 'job';

interface Supervisord {
  readonly command: string;
  readonly args: readonly string[];
  readonly environment: NodeJS.ProcessEnv;
}

const { scratch, linesPath } = peerSetup();
let daemon: ChildProcess | undefined;
let gate = '';
let logNumber = 0;

try {
  const supervisord = installed() ?? unpacked();
  sayToBench({ kind: 'ready', version: `supervisor ${versionOf(supervisord)}` });
  onCommands(async (command) => {
    if (command.kind === 'prepare') await prepare(supervisord, command.lines);
    else writeFileSync(gate, '');
  }, stop);
} catch (error) {
  sayToBench({ kind: 'unavailable', reason: (error as Error).message });
}

function installed(): Supervisord | undefined {
  const supervisord = { command: 'supervisord', args: [], environment: process.env };
  try {
    versionOf(supervisord);
    return supervisord;
  } catch {
    return undefined;
  }
}

/** @throws Error that says why it cannot be had */
function unpacked(): Supervisord {
  const packages = join(scratch, 'packages');
  mkdirSync(packages);
  const options = { cwd: packages, timeout: FETCH_MS, stdio: 'ignore' } as const;
  try {
    execFileSync('apt-get', ['download', ...PACKAGES], options);
    for (const file of readdirSync(packages)) execFileSync('dpkg-deb', ['-x', file, '.'], options);
  } catch (error) {
    throw new Error('supervisord is not installed, and its Debian package cannot be fetched.', {
      cause: error,
    });
  }
  return {
    command: '/usr/bin/python3',
    args: [join(packages, 'usr/bin/supervisord')],
    environment: { ...process.env, PYTHONPATH: join(packages, UNPACKED_PYTHON) },
  };
}

function versionOf({ command, args, environment }: Supervisord): string {
  return execFileSync(command, [...args, '--version'], { env: environment, encoding: 'utf8' }).trim();
}

/** A fresh daemon each time: its program's log begins empty. */
async function prepare({ command, args, environment }: Supervisord, lines: number): Promise<void> {
  await stop();
  const number = ++logNumber;
  const path = (name: string): string => join(scratch, `${name}-${number}`);
  gate = path('gate');
  // Its answer has no head before the first byte; so there is an empty line, which says nothing.
  writeFileSync(path('script'), `echo; ${gatedScript(gate, printCommand(linesPath, lines))}`);
  const port = await freePort();
  const settings = [
    '[supervisord]',
    'nodaemon=true',
    `logfile=${path('supervisord.log')}`,
    `pidfile=${path('pid')}`,
    `childlogdir=${scratch}`,
    '[inet_http_server]',
    `port=127.0.0.1:${port}`,
    `[program:${PROGRAM}]`,
    `command=sh ${path('script')}`,
    'autorestart=false',
    'startsecs=0',
    `stdout_logfile=${path('stdout')}`,
    'stdout_logfile_maxbytes=0',
  ];
  writeFileSync(path('settings'), settings.join('\n'));
  daemon = spawn(command, [...args, '-c', path('settings')], { env: environment, stdio: 'ignore' });
  while (!hasBytes(path('stdout')) || !(await accepts(port))) await delay(20);
  sayToBench({
    kind: 'prepared',
    port,
    pids: [daemon.pid ?? 0],
    request: `GET /logtail/${PROGRAM}/stdout HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`,
    shape: { kind: 'text' },
  });
}

function hasBytes(path: string): boolean {
  return (statSync(path, { throwIfNoEntry: false })?.size ?? 0) > 0;
}

async function accepts(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

async function stop(): Promise<void> {
  const running = daemon;
  daemon = undefined;
  if (running?.exitCode !== null || running.signalCode !== null) return;
  const exited = once(running, 'exit');
  // A program that still waits for its gate goes with it.
  running.kill('SIGTERM');
  await exited;
}
