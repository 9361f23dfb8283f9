import type { IncomingMessage } from 'node:http';
import type { HttpConfig } from './http-config.ts';
import { Refusal } from './refusal.ts';
import { senderOf } from './sender.ts';

// RFC 3986, 3.2.2 and 3.2.3, as far as a server can have such a name.
const HOST = /^(?<name>\[[0-9a-f:.]+\]|[a-z0-9_.-]+)(?::(?<port>[0-9]{1,5}))?$/;
const LOOPBACK_NAMES: readonly string[] = ['127.0.0.1', 'localhost', '[::1]'];

/**
 * Answers only to its own names, so that a page whose name was pointed at this address (DNS rebinding) gets nothing.
 * @throws Refusal 400 where it is missing, doubled or malformed, 403 where it is another's
 */
export function checkHost(req: IncomingMessage, config: Pick<HttpConfig, 'host' | 'allowedHosts'>): void {
  const given = req.headersDistinct['host'] ?? [];
  const host = given[0]?.toLowerCase() ?? '';
  const { name, port } = HOST.exec(host)?.groups ?? {};
  if (given.length !== 1 || name === undefined) {
    throw new Refusal(400, 'INVALID_INPUT', 'The request needs one well-formed Host header.');
  }
  const { scheme, isOverUnixSocket } = senderOf(req);
  const isLoopbackName = LOOPBACK_NAMES.includes(name);
  const isOwnPort = (port ?? (scheme === 'https' ? '443' : '80')) === String(req.socket.localPort);
  // A socket has neither name nor port; no page gets there.
  const isOwn = isOverUnixSocket
    ? isLoopbackName
    : isOwnPort && (isLoopbackName || name === inUrl(config.host));
  const isAllowed =
    isOwn || config.allowedHosts.some((allowed) => [host, name].includes(allowed.toLowerCase()));
  if (!isAllowed) {
    throw new Refusal(
      403,
      'FORBIDDEN',
      'This server does not answer to that Host. Start it with --allowed-host to allow it.',
    );
  }
}

/** An address as it stands in a URL: IPv6 in brackets. */
export function inUrl(address: string): string {
  return address.includes(':') ? `[${address}]` : address.toLowerCase();
}
