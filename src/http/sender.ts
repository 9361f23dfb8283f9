import type { IncomingMessage } from 'node:http';
import type { TLSSocket } from 'node:tls';
import { forwardedHops, xForwardedHops, type Hop } from './forwarding.ts';
import { Refusal } from './refusal.ts';
import { plainAddress, type TrustedProxies } from './trusted-proxies.ts';

/** Where a request came from, and how: of itself, or as a trusted proxy says. */
export interface Sender {
  /** An IP address, `a unix socket`, or empty where the connection broke before it could be asked. */
  readonly address: string;
  /** How the client speaks to this server, or to the proxy before it. */
  readonly scheme: 'http' | 'https';
  /** Whether it came over the unix socket, where the server has no port. */
  readonly isOverUnixSocket: boolean;
}

const SENDER = Symbol('sender');
interface SentRequest extends IncomingMessage {
  [SENDER]?: Sender;
}

/**
 * Finds out who sent a request and leaves it with the request, for `senderOf`. Without a trusted proxy at the other end of
 * the connection, no header counts. Behind one, the address is the last that no trusted proxy has.
 *
 * A proxy writes one kind of header and lets the other one of a client through; so two kinds that do not say the same are
 * believed neither.
 * @throws Refusal 400
 */
export function determineSender(
  req: IncomingMessage,
  isOverUnixSocket: boolean,
  proxies: TrustedProxies,
): void {
  const { remoteAddress = '' } = req.socket;
  const direct: Sender = {
    address: isOverUnixSocket ? 'a unix socket' : plainAddress(remoteAddress),
    scheme: isEncrypted(req) ? 'https' : 'http',
    isOverUnixSocket,
  };
  const isProxy = isOverUnixSocket ? proxies.trustsUnixSocket : proxies.trusts(direct.address);
  (req as SentRequest)[SENDER] = isProxy ? behindProxy(req, direct, proxies) : direct;
}

/** Who sent a request whose sender was determined, as the gate does first of all. @throws Error where it was not */
export function senderOf(req: IncomingMessage): Sender {
  const sender = (req as SentRequest)[SENDER];
  if (sender === undefined) throw new Error('a request that has not come through the gate');
  return sender;
}

/** The address of a sender, or of the other end of the connection where the gate did not come so far. */
export function knownAddress(req: IncomingMessage): string {
  return (req as SentRequest)[SENDER]?.address ?? plainAddress(req.socket.remoteAddress ?? '');
}

function behindProxy(req: IncomingMessage, direct: Sender, proxies: TrustedProxies): Sender {
  const [first = direct, ...others] = [forwardedHops(req), xForwardedHops(req)].flatMap((hops) =>
    hops === undefined ? [] : [farthestKnown(hops, direct, proxies)],
  );
  if (others.some(({ address, scheme }) => address !== first.address || scheme !== first.scheme)) {
    throw new Refusal(
      400,
      'INVALID_INPUT',
      'Forwarded and X-Forwarded-For say different things. Let the proxy remove the one that it does not write.',
    );
  }
  return first;
}

/** Goes back hop by hop for as long as each was told by a proxy that is trusted. */
function farthestKnown(hops: readonly Hop[], direct: Sender, proxies: TrustedProxies): Sender {
  let known = direct;
  for (const { address, scheme = known.scheme } of hops) {
    known = { ...known, scheme, address: address ?? known.address };
    if (address === undefined || !proxies.trusts(address)) break;
  }
  return known;
}

function isEncrypted({ socket }: IncomingMessage): boolean {
  return (socket as Partial<TLSSocket>).encrypted === true;
}
