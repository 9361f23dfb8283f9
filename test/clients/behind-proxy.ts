import { LifelineServer } from '../end-to-end/harness/lifeline-server.ts';
import type { HostileProxy } from './hostile-proxy.ts';

/** Starts a server that answers behind each of these proxies. The caller owns it. */
export async function startBehind(
  proxies: readonly HostileProxy[],
  args: readonly string[] = [],
): Promise<LifelineServer> {
  const allowed = proxies.flatMap(({ host }) => ['--allowed-host', host]);
  const server = await LifelineServer.start({ args: [...allowed, ...args] });
  for (const proxy of proxies) proxy.targetPort = server.port;
  return server;
}
