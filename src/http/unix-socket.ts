import { lstatSync, unlinkSync } from 'node:fs';
import { createConnection, type Server } from 'node:net';
import { once } from 'node:events';

/** What fits into `sun_path` with its NUL (unix(7)). */
const MAX_PATH_BYTES = 107;

/** Why a socket cannot be listened on; the sentence says what to do. */
export class SocketPathError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
  }
}

/**
 * Listens on a unix socket that only this user can connect to: mode 0600 from its first moment. Node removes the file when
 * the server closes. One that a dead server left is replaced; what somebody listens on, or is no socket, is left alone.
 *
 * Known gap: two servers that find the same dead one in the same instant; the lease of the data directory keeps two of one
 * directory apart.
 * @throws SocketPathError, and what `net.Server.listen` emits
 */
export async function listenOnSocket(server: Server, path: string): Promise<void> {
  if (Buffer.byteLength(path) > MAX_PATH_BYTES) {
    throw new SocketPathError(
      `The path ${path} is too long for a socket: it may have ${String(MAX_PATH_BYTES)} bytes. Name a shorter one with --socket.`,
    );
  }
  await removeDeadSocket(path);
  const listening = once(server, 'listening');
  const formerMask = process.umask(0o177);
  try {
    // Binds before it returns.
    server.listen({ path });
  } finally {
    process.umask(formerMask);
  }
  await listening;
}

async function removeDeadSocket(path: string): Promise<void> {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined) return;
  if (!found.isSocket()) {
    throw new SocketPathError(`${path} is there already, and is no socket. Name another path with --socket.`);
  }
  const code = await connectionFailure(path);
  if (code === 'ECONNREFUSED') {
    unlinkSync(path);
  } else if (code !== 'ENOENT') {
    throw new SocketPathError(
      `The socket ${path} is in use${code === undefined ? '' : ` (${code})`}. Stop who listens there, or name another path with --socket.`,
    );
  }
}

/** The code of the failure to connect; undefined where somebody took the connection. */
function connectionFailure(path: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const connection = createConnection({ path });
    connection.once('connect', () => {
      connection.destroy();
      resolve(undefined);
    });
    connection.once('error', (error: NodeJS.ErrnoException) => {
      resolve(error.code ?? 'unknown error');
    });
  });
}
