import type { IncomingMessage, ServerResponse } from 'node:http';
import { anybody, type Caller, type CredentialCheck } from './credential-check.ts';
import type { Route } from './exchange.ts';
import { checkHost } from './host-check.ts';
import type { HttpConfig } from './http-config.ts';
import { checkOrigin } from './origin-check.ts';
import { Refusal } from './refusal.ts';
import { determineSender } from './sender.ts';

/** Only there to make a URL of a target; never looked at. */
const BASE = 'http://localhost';
/** With or without parameters. No other white space than RFC 9110, 5.6.3 knows: `trim` would take more. */
const JSON_TYPE = /^application\/json[ \t]*(?:;|$)/i;

/** What the gate found: the route and the URL, or a preflight that was answered by headers alone. */
export type Admission =
  | { readonly kind: 'preflight' }
  | {
      readonly kind: 'route';
      readonly route: Route;
      readonly url: URL;
      readonly pathValue: string | undefined;
      readonly caller: Caller;
    };

/** Passes a request or rejects with its refusal. */
export type Gate = (
  req: IncomingMessage,
  res: ServerResponse,
  isOverUnixSocket: boolean,
) => Promise<Admission>;

/**
 * Every request, whatever its path and method, passes these checks in this order before any of our doors or libraries
 * sees it: form, sender, Host, Origin, credential, path, method, content type. Who has no credential does not learn which paths
 * there are.
 */
export function createGate(
  config: HttpConfig,
  checkCredential: CredentialCheck,
  routes: readonly Route[],
): Gate {
  return async (req, res, isOverUnixSocket) => {
    const url = checkTarget(req);
    determineSender(req, isOverUnixSocket, config.trustedProxies);
    checkHost(req, config);
    if (checkOrigin(req, res, config.allowedOrigins)) return { kind: 'preflight' };
    const here = routes.filter(({ path }) => path.test(rawPath(req)));
    const route = here.find(({ methods }) => methods.includes(req.method ?? ''));
    const caller =
      route?.isPublic === true
        ? anybody(req)
        : await checkCredential(req, url, (route ?? here[0])?.ownParameters);
    if (here.length === 0) throw new Refusal(404, 'INVALID_INPUT', 'There is nothing at this path.');
    if (route === undefined) throw wrongMethod(here);
    if (req.method === 'POST') checkContentType(req);
    return { kind: 'route', route, url, pathValue: route.path.exec(rawPath(req))?.[1], caller };
  };
}

function checkTarget(req: IncomingMessage): URL {
  // Only the origin form (RFC 9112, 3.2.1): we are no proxy.
  const target = req.url ?? '';
  if (!target.startsWith('/') || !URL.canParse(target, BASE)) {
    throw new Refusal(400, 'INVALID_INPUT', 'The request target is not a path.');
  }
  return new URL(target, BASE);
}

/** The path as it was sent: it is not decoded or normalised before it is compared. */
export function rawPath(req: IncomingMessage): string {
  return (req.url ?? '').split('?', 1)[0] ?? '';
}

function wrongMethod(routes: readonly Route[]): Refusal {
  const allowed = [...new Set(routes.flatMap(({ methods }) => methods))].join(', ');
  return new Refusal(405, 'INVALID_INPUT', `Only ${allowed} can be used here.`, { Allow: allowed });
}

/** Exactly JSON: the types that a form can send need no preflight, so any page could post them. */
function checkContentType(req: IncomingMessage): void {
  const [type = '', ...others] = req.headersDistinct['content-type'] ?? [];
  if (others.length > 0 || !JSON_TYPE.test(type)) {
    throw new Refusal(415, 'INVALID_INPUT', 'The content type must be application/json.');
  }
  if ((req.headers['content-encoding'] ?? 'identity') !== 'identity') {
    throw new Refusal(415, 'INVALID_INPUT', 'The body must not be compressed.', {
      'Accept-Encoding': 'identity',
    });
  }
}
