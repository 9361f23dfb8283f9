import { readFileSync } from 'node:fs';
import { createLifelineClient, type LifelineClient } from '../client/client.ts';
import { chooseServer, currentUrl, type ChosenServer } from './choose-server.ts';
import { CliError } from './cli-error.ts';

/** A server to speak to. It holds nothing open. */
export interface Connection {
  readonly client: LifelineClient;
  /** Absolute, ends in a slash. */
  readonly url: string;
  /** `fetch` with the credential, relative to the server; follows a server that comes back on another port. */
  readonly fetch: (path: string, init: { readonly method: string }) => Promise<Response>;
  /** Whether the server is on this machine, and paths mean the same to it. */
  readonly isLocal: boolean;
}

/**
 * Finds the server (see `chooseServer`) and its token: LIFELINE_TOKEN, else the file that the server’s pointer names.
 * @throws CliError if there is no server to choose, or the token file cannot be read
 */
export function connect(url: string | undefined, environment: NodeJS.ProcessEnv, directory: string): Connection {
  const server = chooseServer(url, environment, directory);
  const token = tokenFor(server, environment);
  const { pointer } = server;
  const fetchCurrent: typeof globalThis.fetch = (input, init) => {
    if (pointer === undefined || typeof input !== 'string') return fetch(input, init);
    return fetch(input.replace(server.url, currentUrl(pointer, environment)), init);
  };
  return {
    client: createLifelineClient({ url: server.url, token, fetch: fetchCurrent }),
    url: server.url,
    fetch: (path, init) =>
      fetchCurrent(new URL(path, server.url).href, {
        ...init,
        headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
      }),
    isLocal: pointer !== undefined,
  };
}

function tokenFor({ pointer }: ChosenServer, environment: NodeJS.ProcessEnv): string | undefined {
  const given = environment['LIFELINE_TOKEN'];
  if (given !== undefined && given !== '') return given;
  const path = pointer?.tokenFile ?? undefined;
  if (path === undefined) return undefined;
  try {
    return readFileSync(path, 'utf8').trim();
  } catch (cause) {
    const { code = 'unknown error' } = cause as NodeJS.ErrnoException;
    throw new CliError(`The token file ${path} cannot be read (${code}). Put the token into LIFELINE_TOKEN.`, {
      cause,
    });
  }
}
