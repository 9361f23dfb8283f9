import type { Http2Session } from 'node:http2';

/**
 * Ends a session over HTTP/2 whose client is not there any more: it answers no ping, and not a byte goes out, for two to
 * three intervals. What its streams hold is released with it.
 *
 * Why: where a connection over TLS breaks while a write is under way, Node may not hear of it, and then nothing of the session ever
 * closes (seen with 2 to 5 of 100 on Node 20). Over HTTP/1.1 a write that fails says so. A client that reads slowly takes bytes, and
 * one whose streams are full answers pings (RFC 9113, 6.7).
 */
export function endWhenStuck(session: Http2Session, intervalMs: number, closeConnection: () => void): void {
  let isAnswered = true;
  let bytesWritten = -1;
  const timer = setInterval(() => {
    const now = session.destroyed ? undefined : session.socket.bytesWritten;
    if (now === undefined || (!isAnswered && now === bytesWritten)) {
      clearInterval(timer);
      session.destroy();
      closeConnection();
      return;
    }
    bytesWritten = now;
    if (!isAnswered) return;
    isAnswered = false;
    session.ping(() => {
      isAnswered = true;
    });
  }, intervalMs).unref();
  session.once('close', () => {
    clearInterval(timer);
  });
}
