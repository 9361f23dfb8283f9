import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import { plainAddress } from './trusted-proxies.ts';

/** One step of a request, as the proxy told it that took it from there: who was on the other side, and how it spoke. */
export interface Hop {
  /** undefined where the proxy names none that is an IP address, such as `unknown` or `_hidden`. */
  readonly address: string | undefined;
  readonly scheme: 'http' | 'https' | undefined;
}

// Of RFC 7239, 4: pairs of a name and a token or a quoted string.
const PAIR = /^\s*(?<name>[a-z]+)=(?:"(?<quoted>[^"\\]*)"|(?<token>[^\s",;]+))\s*$/i;
const WITH_PORT = /^(?:\[(?<six>[0-9a-f:.]+)\]|(?<four>\d+\.\d+\.\d+\.\d+))(?::[0-9]{1,5})?$/i;

/** What `Forwarded` (RFC 7239) says, the nearest hop first; undefined without one. What cannot be read is a hop that says nothing. */
export function forwardedHops(req: IncomingMessage): readonly Hop[] | undefined {
  const elements = elementsOf(req, 'forwarded');
  return elements?.map((element) => {
    const pairs = new Map(
      element.split(';').map((pair) => {
        const { name = '', quoted, token } = PAIR.exec(pair)?.groups ?? {};
        return [name.toLowerCase(), quoted ?? token ?? ''];
      }),
    );
    return { address: addressIn(pairs.get('for') ?? ''), scheme: schemeIn(pairs.get('proto') ?? '') };
  });
}

/**
 * What `X-Forwarded-For` and `X-Forwarded-Proto` say, the nearest hop first; undefined without either. Proxies hand one
 * scheme on for all hops, or one for each.
 */
export function xForwardedHops(req: IncomingMessage): readonly Hop[] | undefined {
  const addresses = elementsOf(req, 'x-forwarded-for');
  const schemes = elementsOf(req, 'x-forwarded-proto');
  if (addresses === undefined) return schemes && [{ address: undefined, scheme: schemeIn(schemes[0] ?? '') }];
  return addresses.map((text, index) => ({
    address: addressIn(text),
    scheme: schemeIn((schemes?.length === addresses.length ? schemes[index] : schemes?.[0]) ?? ''),
  }));
}

/** The elements of a list, over all headers of that name, from the last one on. */
function elementsOf(req: IncomingMessage, name: string): readonly string[] | undefined {
  return req.headersDistinct[name]
    ?.join(',')
    .split(',')
    .map((element) => element.trim())
    .reverse();
}

function addressIn(text: string): string | undefined {
  const { six, four } = WITH_PORT.exec(text)?.groups ?? {};
  const address = six ?? four ?? text;
  return isIP(address) === 0 ? undefined : plainAddress(address);
}

function schemeIn(text: string): Hop['scheme'] {
  const scheme = text.toLowerCase();
  return scheme === 'http' || scheme === 'https' ? scheme : undefined;
}
