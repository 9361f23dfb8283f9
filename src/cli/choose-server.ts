import { realpathSync } from 'node:fs';
import { resolve } from 'node:path';
import { liveServers, type ServerPointer } from '../server-pointer.ts';
import { CliError } from './cli-error.ts';
import { harmlessLine } from './harmless-text.ts';

/** Where a server is. */
export interface ServerAddress {
  /** Absolute, ends in a slash. */
  readonly url: string;
  /** The unix socket to connect to, whatever the host of the URL. */
  readonly socketPath: string | undefined;
}

/** A server, and its pointer where it left one on this machine. */
export interface ChosenServer extends ServerAddress {
  readonly pointer: ServerPointer | undefined;
}

const SOCKET_URL = /^unix:(?:\/\/)?(?<path>\/.+)$/;

/**
 * Which server a command speaks to: `--url`, else LIFELINE_URL, else the live server of the data directory here
 * (LIFELINE_DATA_DIR or ./.lifeline), else the only live one.
 * @throws CliError if there is none, or several of which none is named
 */
export function chooseServer(
  url: string | undefined,
  environment: NodeJS.ProcessEnv,
  directory: string,
): ChosenServer {
  const servers = liveServers(environment);
  const named = url ?? environment['LIFELINE_URL'];
  if (named !== undefined && named !== '') {
    const wanted = addressOf(named);
    return { ...wanted, pointer: servers.find((server) => isSame(addressOf(server.url), wanted)) };
  }
  const here = dataDirectoryHere(environment, directory);
  const found = servers.find(({ dataDirectory }) => dataDirectory === here) ?? servers[0];
  if (found === undefined) {
    throw new CliError('No server was found. Start one with `lifeline serve`, or name one with --url.');
  }
  if (found.dataDirectory !== here && servers.length > 1) {
    const list = servers.map((server) => `  ${server.url}  ${harmlessLine(server.dataDirectory)}`).join('\n');
    throw new CliError(`Several servers run; name one with --url or LIFELINE_URL:\n${list}`);
  }
  return { ...addressOf(found.url), pointer: found };
}

/** What the pointer of the same data directory says now: a server that was started again may be somewhere else. */
export function currentPointer(pointer: ServerPointer, environment: NodeJS.ProcessEnv): ServerPointer {
  return liveServers(environment).find((server) => server.dataDirectory === pointer.dataDirectory) ?? pointer;
}

/** Of an http(s) URL, whose path is kept, for servers behind a proxy; or of `unix:` and a path. @throws CliError */
export function addressOf(text: string): ServerAddress {
  const socketPath = SOCKET_URL.exec(text)?.groups?.['path'];
  return socketPath === undefined
    ? { url: baseUrl(text), socketPath }
    : { url: 'http://localhost/', socketPath };
}

function isSame(one: ServerAddress, other: ServerAddress): boolean {
  return one.url === other.url && one.socketPath === other.socketPath;
}

function baseUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) {
    throw new CliError(
      `${harmlessLine(text)} is no URL of a server. Give one such as http://127.0.0.1:4000 or unix:/run/lifeline.sock.`,
    );
  }
  if (url.username !== '' || url.password !== '') {
    throw new CliError('A credential does not belong in a URL. Put the token into LIFELINE_TOKEN.');
  }
  url.search = '';
  url.hash = '';
  if (!url.pathname.endsWith('/')) url.pathname += '/';
  return url.href;
}

function dataDirectoryHere(environment: NodeJS.ProcessEnv, directory: string): string | undefined {
  try {
    return realpathSync(resolve(directory, environment['LIFELINE_DATA_DIR'] ?? '.lifeline'));
  } catch {
    return undefined;
  }
}
