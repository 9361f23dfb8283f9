import type { Duplex } from 'node:stream';

/** What Node's parser and timeouts refuse, by their codes; the rest is a malformed request. */
const STATUS_LINES: Readonly<Record<string, string>> = {
  HPE_HEADER_OVERFLOW: '431 Request Header Fields Too Large',
  ERR_HTTP_REQUEST_TIMEOUT: '408 Request Timeout',
};

/**
 * Answers what is no HTTP request, or came too slowly, and closes the connection. There is no response object for it. A
 * handshake that failed is told by TLS itself.
 */
export function sendClientError(
  error: NodeJS.ErrnoException,
  socket: Duplex & { readonly bytesWritten?: number },
): void {
  if (!socket.writable || error.code === 'ECONNRESET' || /^ERR_(SSL|TLS)_/.test(error.code ?? '')) {
    socket.destroy();
    return;
  }
  const status = STATUS_LINES[error.code ?? ''] ?? '400 Bad Request';
  const code = status.startsWith('400') ? 'INVALID_INPUT' : 'LIMIT_EXCEEDED';
  const body = JSON.stringify({
    error: { code, message: `The request could not be read: ${status.slice(4).toLowerCase()}.` },
  });
  socket.end(
    `HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Type: application/json; charset=utf-8\r\n` +
      `X-Content-Type-Options: nosniff\r\nContent-Length: ${String(Buffer.byteLength(body))}\r\n\r\n${body}`,
  );
}
