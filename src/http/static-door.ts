import type { Door } from './exchange.ts';
import { Refusal } from './refusal.ts';
import type { StaticFiles } from './static-files.ts';

/** A worker gets its policy with its own script, and not from the page: it may load files of ours, nothing else. */
const POLICY = "default-src 'none'; script-src 'self'; connect-src 'self'; frame-ancestors 'none'";

/** `GET /static/assets/<name>`: a file of the pages. Public, for there is no data in it; kept for ever, by its name. */
export function staticDoor(files: StaticFiles): Door {
  return async ({ req, res, pathValue }) => {
    const file = files.asset(pathValue ?? '');
    if (file === undefined) throw new Refusal(404, 'INVALID_INPUT', 'There is nothing at this path.');
    const content = await file.read();
    res.writeHead(200, {
      'Content-Type': file.contentType,
      'Content-Length': content.length,
      'Cache-Control': 'public, max-age=31536000, immutable',
      'Content-Security-Policy': POLICY,
    });
    res.end(req.method === 'HEAD' ? undefined : content);
  };
}
