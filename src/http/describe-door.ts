import { type IncomingMessage, METHODS } from 'node:http';
import type { Route } from './exchange.ts';
import { rawPath } from './gate.ts';

/**
 * Names what a request knocked at, such as `GET /jobs/N/log`: nothing of what the sender wrote is in it, neither ids nor
 * parameters nor a method that it made up.
 */
export function describeDoor(routes: readonly Route[], req: IncomingMessage): string {
  const { method = '' } = req;
  const path = rawPath(req);
  const door = routes.find((route) => route.path.test(path))?.name ?? 'an unknown path';
  return `${METHODS.includes(method) ? method : 'unknown method'} ${door}`;
}
