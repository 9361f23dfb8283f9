import { isLetIn } from './credential-check.ts';
import type { Entrance } from './entrance.ts';
import type { Door, Exchange } from './exchange.ts';
import { loginTargetOf, wantsPage } from './login-hop.ts';
import { Refusal } from './refusal.ts';
import type { PageName, StaticFiles } from './static-files.ts';

/** Files of this server only, no inline script, no frame around it, no form that leads elsewhere. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'self'",
  "worker-src 'self'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join('; ');

/** GraphiQL's editor, Monaco, writes its colours and positions into `style` elements that it makes itself. */
const EDITOR_POLICY = POLICY.replace("style-src 'self'", "style-src 'self' 'unsafe-inline'");

/**
 * A page for who is logged in; a visitor who is not is led to the login page and back. The page has no data: it asks for
 * them like any client.
 */
export function pageDoor({ check, files }: Entrance, name: PageName): Door {
  return async (exchange) => {
    const { req, url } = exchange;
    if (!wantsPage(req)) await check(req, url);
    else if (!(await isLetIn(check, req, url))) {
      sendLoginHop(exchange, files);
      return;
    }
    sendPage(exchange, files, name);
  };
}

/** `GET /graphql`: GraphiQL for browsers. Operations are not taken from URLs, where links and images could hide them. */
export function graphiqlDoor(entrance: Entrance): Door {
  const page = pageDoor(entrance, 'graphiql/graphiql');
  return async (exchange) => {
    if (wantsPage(exchange.req)) {
      await page(exchange);
      return;
    }
    await entrance.check(exchange.req, exchange.url);
    throw new Refusal(405, 'INVALID_INPUT', 'Send operations by POST. GET shows GraphiQL to browsers.', {
      Allow: 'POST',
    });
  };
}

/** @throws Refusal 404 where nothing was built */
export function sendPage({ req, res }: Exchange, files: StaticFiles, name: PageName): void {
  const html = builtPage(files, name);
  res.writeHead(200, {
    'Content-Type': 'text/html; charset=utf-8',
    'Content-Length': html.length,
    'Content-Security-Policy': name === 'graphiql/graphiql' ? EDITOR_POLICY : POLICY,
    'Cross-Origin-Opener-Policy': 'same-origin',
  });
  res.end(req.method === 'HEAD' ? undefined : html);
}

/** 401, with a page that goes on to the login page by itself. @throws Refusal 404 where nothing was built */
function sendLoginHop({ res, url }: Exchange, files: StaticFiles): void {
  const page = builtPage(files, 'entrance/hop').toString();
  const html = Buffer.from(page.replaceAll('%LOGIN%', () => loginTargetOf(url)));
  res.writeHead(401, {
    'WWW-Authenticate': 'Bearer',
    'Content-Type': 'text/html; charset=utf-8',
    'Content-Length': html.length,
    'Content-Security-Policy': POLICY,
  });
  res.end(html);
}

function builtPage(files: StaticFiles, name: PageName): Buffer {
  const html = files.page(name);
  if (html !== undefined) return html;
  throw new Refusal(404, 'INVALID_INPUT', 'The pages of this server were not built. Run: npm run build');
}
