import { isIP } from 'node:net';

const GROUPS = 8;
/** 64 bits: the least that one site is given (RFC 6177, 2), within which it can take any address. */
const GROUPS_OF_SITE = 4;

/** Whom an address stands for when attempts are counted: itself, or of IPv6 its /64, always as the same text. */
export function guesserOf(address: string): string {
  if (isIP(address) !== 6) return address;
  const plain = address.replace(/%.*$/, '').replace(/\d+\.\d+\.\d+\.\d+$/, '0:0');
  const [before = [], after] = plain.split('::').map((part) => part.split(':').filter((text) => text !== ''));
  const left = GROUPS - before.length - (after?.length ?? 0);
  const groups = after === undefined ? before : [...before, ...Array<string>(left).fill('0'), ...after];
  const site = groups.slice(0, GROUPS_OF_SITE).map((text) => Number.parseInt(text, 16).toString(16));
  return `${site.join(':')}::/64`;
}
