import type { SeededRandom } from '../../chaos/random.ts';

const METHODS = [
  'GET',
  'POST',
  'PUT',
  'DELETE',
  'OPTIONS',
  'HEAD',
  'PATCH',
  'TRACE',
  'CONNECT',
  'PRI',
  'get',
  '',
];
const TARGETS = [
  '/',
  '/graphql',
  '/graphql/stream',
  '/events?job_id=1&after=0',
  '/jobs/1/log?stream=stdout',
  '/jobs/../log',
  '/healthz',
  '/readyz',
  '/login/ticket?ticket=x',
  '/static/assets/%2e%2e/x',
  '//evil.example',
  'http://evil.example/',
  '*',
  'evil.example:80',
  '/%',
  '/\\',
  '/?%00%ff',
];
const VALUES = [
  '',
  '0',
  '-1',
  'x',
  '\0',
  '\xff',
  '18446744073709551617',
  'a, b',
  '"',
  'chunked',
  'identity',
  '[::1',
  '%',
];
const NAMES = [
  'Host',
  'Origin',
  'Authorization',
  'Cookie',
  'Content-Type',
  'Content-Length',
  'Content-Encoding',
  'Transfer-Encoding',
  'Connection',
  'Expect',
  'Upgrade',
  'Range',
  'If-Range',
  'Last-Event-ID',
  'Accept',
  'Sec-Fetch-Site',
  'X-GraphQL-Event-Stream-Token',
  'Trailer',
  'TE',
];
/** What is put in somewhere. */
const SPLINTERS = [
  '\r\n',
  '\n',
  '\r',
  '\0',
  ' ',
  '\t',
  ':',
  '\r\n\r\n',
  '0\r\n\r\n',
  '\xff\xfe',
  '%00',
  '{',
  '"',
  'HTTP/1.1',
];

/**
 * Bytes that are a request, nearly one, or none, as latin1. No credential is in them, so nothing of it may run.
 * @param host the server's own
 * @param payload a JSON body that would run something
 */
export function randomRequest(random: SeededRandom, host: string, payload: string): string {
  const chance = (share: number): boolean => random.next() < share;
  const body = chance(0.6) ? payload : '';
  const headers: [string, string][] = [['Host', host]];
  if (body !== '')
    headers.push(['Content-Type', 'application/json'], ['Content-Length', String(body.length)]);
  for (let extra = random.integer(0, 4); extra > 0; extra -= 1) {
    headers.splice(random.integer(0, headers.length), 0, [random.pick(NAMES), random.pick(VALUES)]);
  }
  if (chance(0.02)) headers.push(['X-Long', 'x'.repeat(random.integer(1_000, 40_000))]);
  if (chance(0.02)) for (let n = 0; n < 3_000; n += 1) headers.push(['a', '']);
  const version = chance(0.9)
    ? 'HTTP/1.1'
    : random.pick(['HTTP/1.0', 'HTTP/0.9', 'HTTP/2.0', 'http/1.1', '']);
  const line = `${chance(0.5) ? 'POST' : random.pick(METHODS)} ${random.pick(TARGETS)} ${version}`;
  const head = [line, ...headers.map(([name, value]) => `${name}: ${value}`)].join('\r\n');
  let bytes = `${head}\r\n\r\n${body}`;
  for (let blows = random.integer(0, 4); blows > 0; blows -= 1) bytes = damaged(random, bytes);
  return chance(0.1) ? bytes + bytes : bytes;
}

function damaged(random: SeededRandom, text: string): string {
  const at = random.integer(0, text.length);
  switch (random.integer(0, 4)) {
    case 0:
      return text.slice(0, at) + random.pick(SPLINTERS) + text.slice(at);
    case 1:
      return text.slice(0, at) + String.fromCharCode(random.integer(0, 255)) + text.slice(at + 1);
    case 2:
      return text.slice(0, at) + text.slice(at + random.integer(1, 20));
    case 3:
      return text.slice(0, at);
    default:
      return text.slice(0, at) + text.slice(Math.max(0, at - random.integer(1, 60)));
  }
}
