import { realpathSync } from 'node:fs';
import { resolve } from 'node:path';
import { liveServers, type ServerPointer } from '../server-pointer.ts';
import { CliError } from './cli-error.ts';
import { harmlessLine } from './harmless-text.ts';

/** A server, and its pointer where it left one on this machine. */
export interface ChosenServer {
  readonly url: string;
  readonly pointer: ServerPointer | undefined;
}

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
    const wanted = baseUrl(named);
    return { url: wanted, pointer: servers.find((server) => baseUrl(server.url) === wanted) };
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
  return { url: baseUrl(found.url), pointer: found };
}

/** Where the server of a pointer is now: one that was started again may have another port. */
export function currentUrl({ url, dataDirectory }: ServerPointer, environment: NodeJS.ProcessEnv): string {
  return baseUrl(
    liveServers(environment).find((server) => server.dataDirectory === dataDirectory)?.url ?? url,
  );
}

/** An absolute http(s) URL that ends in a slash; a path is kept, for servers behind a proxy. */
function baseUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) {
    throw new CliError(
      `${harmlessLine(text)} is no URL of a server. Give one such as http://127.0.0.1:4000.`,
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
