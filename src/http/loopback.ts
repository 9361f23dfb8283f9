import { BlockList, isIP } from 'node:net';

// RFC 1122, 3.2.1.3 and RFC 4291, 2.5.3; an IPv4 address that is written as IPv6 counts by the first.
const LOOPBACK = new BlockList();
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4');
LOOPBACK.addAddress('::1', 'ipv6');

/**
 * Whether only this machine can reach what listens on this address. Names other than `localhost`, and addresses that are
 * not spelled in full, such as `0` or `127.1`, are not taken for one: whatever the resolver makes of them, nothing that
 * could be wider is believed to be narrow.
 */
export function isLoopback(host: string): boolean {
  const family = isIP(host);
  if (family === 0) return host.toLowerCase() === 'localhost';
  return LOOPBACK.check(host, family === 4 ? 'ipv4' : 'ipv6');
}
