import { BlockList, isIP } from 'node:net';

/** Stands for whoever connects to the unix socket. */
const UNIX = 'unix';
const RANGE = /^(?<address>[0-9a-fA-F:.]+)(?:\/(?<prefix>\d{1,3}))?$/;
/** An IPv4 address as a socket for both families gives it (RFC 4291, 2.5.5.2). */
const MAPPED = /^::ffff:(?<address>\d+\.\d+\.\d+\.\d+)$/i;

/** The proxies whose word counts about where a request came from. Immutable. */
export class TrustedProxies {
  readonly #ranges = new BlockList();
  readonly trustsUnixSocket: boolean;

  /** @param texts addresses, `address/prefix` (RFC 4632, RFC 4291), or `unix`. @throws TypeError naming what is neither */
  constructor(texts: readonly string[]) {
    this.trustsUnixSocket = texts.includes(UNIX);
    for (const text of texts) if (text !== UNIX) this.#add(text);
  }

  /** @param address an IP address; what is none is trusted by nobody */
  trusts(address: string): boolean {
    const family = isIP(address);
    return family !== 0 && this.#ranges.check(address, familyName(family));
  }

  #add(text: string): void {
    const { address = '', prefix } = RANGE.exec(text)?.groups ?? {};
    const family = isIP(address);
    const longest = family === 4 ? 32 : 128;
    const length = Number(prefix ?? longest);
    if (family === 0 || length > longest) {
      throw new TypeError(`${text} is no address, no range such as 10.0.0.0/8, and not ${UNIX}`);
    }
    this.#ranges.addSubnet(address, length, familyName(family));
  }
}

/** The same address always as the same text where it is IPv4; anything else as it is. */
export function plainAddress(address: string): string {
  return MAPPED.exec(address)?.groups?.['address'] ?? address;
}

function familyName(family: number): 'ipv4' | 'ipv6' {
  return family === 4 ? 'ipv4' : 'ipv6';
}
