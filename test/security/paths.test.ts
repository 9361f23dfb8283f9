import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { residentBytes } from '../end-to-end/harness/processes.ts';
import { startScript, untilOver } from '../end-to-end/harness/jobs.ts';
import { AttackedServer } from './attacked-server.ts';

const ASSETS = fileURLToPath(new URL('../../dist/static/assets', import.meta.url));
/** The bytes of the log that the attacks are after. */
const SIZE = 1_000;

let attacked: AttackedServer;
let jobId: string;
beforeAll(async () => {
  attacked = await AttackedServer.start();
  jobId = await startScript(attacked.server, `head -c ${String(SIZE)} /dev/zero | tr '\\0' x`);
  await untilOver(attacked.server, jobId);
  await attacked.allowJobs();
});
afterEach(async () => {
  await attacked.expectUnharmed();
});
afterAll(async () => {
  await attacked.leave();
});

describe('a path in the place of a job’s id leads nowhere (Nomad CVE-2026-7474):', () => {
  it.each([
    ['one step up', '..'],
    ['a step up, encoded', '%2e%2e'],
    ['steps up, encoded', '..%2f..%2f..%2fetc%2fpasswd'],
    ['steps up, encoded twice', '%252e%252e%252fetc%252fpasswd'],
    ['steps up, overlong', '%c0%ae%c0%ae%c0%af'],
    ['steps up, as backslashes', '..\\..\\etc\\passwd'],
    ['steps up behind an id', '1%2f..%2f..%2ftoken'],
    ['the token file', '..%2f..%2ftoken'],
    ['a NUL behind an id', '1%00'],
    ['a NUL and another end', '1%00.txt'],
    ['a semicolon', '1;x=1'],
    ['a dot behind it', '1.'],
    ['a fraction', '1.0'],
    ['an exponent', '1e0'],
    ['hexadecimal', '0x1'],
    ['a zero before it', '01'],
    ['zero', '0'],
    ['a negative number', '-1'],
    ['a plus', '+1'],
    ['a space', '%201'],
    ['a newline', '1%0a'],
    ['digits of another script', '%D9%A1'],
    ['a full-width digit', '%EF%BC%91'],
    ['a superscript', '%C2%B9'],
    ['an encoded digit', '%31'],
    ['a number beyond 2^53', '9007199254740993'],
    ['10,000 digits', '1'.repeat(10_000)],
    ['a list', '1,2'],
    ['all', '*'],
    ['a word', '__proto__'],
    ['an injection', "1'%20OR%20'1'='1"],
    ['nothing', ''],
  ])('%s', async (_name, id) => {
    for (const target of [`/jobs/${id}/log`, `/jobs/${id}/log?stream=stdout`]) {
      const { status, body } = await attacked.get(target);
      expect([target, status]).toEqual([target, expect.toSatisfy((it: number) => it === 404 || it === 400)]);
      expect(body).toMatch(/^\{"error":/);
      expect(body).not.toContain('root:');
    }
    const { status } = await attacked.get(`/events?after=0&job_id=${id}`);
    // Decoded once, as a query is, some of these are the id of a job.
    if (decodeURIComponent(safely(id)) !== '1') expect([400, 404]).toContain(status);
  });

  it.each([
    ['stream', '../../token'],
    ['stream', '..%2f..%2ftoken'],
    ['stream', 'stdout%00'],
    ['stream', 'STDOUT'],
    ['stream', 'stdout.log'],
    ['stream', 'index'],
    ['stream', '__proto__'],
    ['stream', 'constructor'],
    ['format', 'html'],
    ['format', '../text'],
    ['format', '__proto__'],
    ['after', '-1'],
  ])('%s=%s is no name of a file', async (name, value) => {
    const target =
      name === 'after' ? `/events?job_id=${jobId}&after=${value}` : `/jobs/${jobId}/log?${name}=${value}`;
    expect((await attacked.get(target)).status).toBe(400);
  });
});

describe('an asset is looked up by its name, and no file besides is served:', () => {
  it.each([
    ['../entrance/login.html'],
    ['..%2fentrance%2flogin.html'],
    ['%2e%2e/%2e%2e/main.js'],
    ['....//main.js'],
    ['..;/main.js'],
    ['.'],
    ['..'],
    ['...'],
    [''],
    ['__proto__'],
    ['constructor'],
    ['toString'],
    ['%00'],
    ['..\\..\\main.js'],
    ['/etc/passwd'],
    ['file:///etc/passwd'],
    ['.vite/manifest.json'],
  ])('%s', async (name) => {
    for (const method of ['GET', 'HEAD']) {
      const headers = attacked.headersWith({ Authorization: null });
      const { status } = await attacked.sendRequest({ method, target: `/static/assets/${name}`, headers });
      expect([400, 401, 404]).toContain(status);
    }
  });

  it('a name that is there is not served in another writing', async () => {
    const [name = ''] = readdirSync(ASSETS).filter((file) => file.endsWith('.js'));
    const served = await attacked.get(`/static/assets/${name}`, { Authorization: null });
    expect(served.status).toBe(200);
    expect(served.head).toContain('x-content-type-options: nosniff');
    for (const other of [
      name.toUpperCase(),
      `${name}.`,
      `${name}%00`,
      `${name}/`,
      `${name};x`,
      `./${name}`,
      `${name}.map`,
      `%${name.charCodeAt(0).toString(16)}${name.slice(1)}`,
    ]) {
      const { status } = await attacked.get(`/static/assets/${other}`);
      expect([other, status]).toEqual([other, 404]);
    }
  });
});

describe('another writing of a path is another path, and no way past the gate:', () => {
  it.each([
    ['//graphql'],
    ['/./graphql'],
    ['/x/../graphql'],
    ['/%67raphql'],
    ['/graphql%2f'],
    ['/graphql/'],
    ['/graphql.'],
    ['/graphql;a=b'],
    ['/graphql%00'],
    ['/graphql%20'],
    ['/graphql%0d%0aX:1'],
    ['/GraphQL'],
    ['/graphql\\stream'],
    ['/graphql/stream/'],
    ['/graphql/../graphql'],
    ['/healthz/../graphql'],
    ['/healthz/%2e%2e/graphql'],
    ['/healthz;/graphql'],
    ['/static/assets/../../graphql'],
    ['/static/assets/..%2f..%2fgraphql'],
    ['/login/../graphql'],
    ['/login/graphql'],
    ['/x/healthz'],
    ['/healthz/'],
    ['/healthz%2f'],
    ['/healthz?/../graphql'],
  ])('%s', async (target) => {
    const anonymous = { headers: attacked.headersWith({ Authorization: null }), body: attacked.payload };
    expect([400, 401, 404, 405]).toContain((await attacked.sendRequest({ target, ...anonymous })).status);
    const own = { headers: attacked.headers(), body: attacked.payload };
    expect([400, 404, 405]).toContain((await attacked.sendRequest({ target, ...own })).status);
  });
});

describe('a range of a log gives bytes of that log or none (CVE-2011-3192):', () => {
  it.each([
    ['many', `bytes=${Array.from({ length: 1_000 }, (_, n) => `${String(n)}-`).join(',')}`],
    ['overlapping ones', 'bytes=0-,0-,0-,0-,0-'],
    ['another unit', 'lines=0-1'],
    ['one that ends before it begins', 'bytes=9-1'],
    ['a negative one', 'bytes=-1--1'],
    ['words', 'bytes=a-b'],
    ['nothing', 'bytes=-'],
    ['hexadecimal', 'bytes=0x0-0x10'],
    ['an exponent', 'bytes=0-1e3'],
  ])('%s: the whole', async (_name, range) => {
    const answer = await attacked.get(`/jobs/${jobId}/log?stream=stdout`, { Range: range });
    expect([answer.status, answer.body.length]).toEqual([200, SIZE]);
  });

  it.each([
    ['one that begins at the end', `bytes=${String(SIZE)}-`],
    ['one that begins beyond 2^53', 'bytes=9007199254740993-'],
    ['one that begins beyond 2^64', 'bytes=18446744073709551616-18446744073709551617'],
    ['one of 300 digits', `bytes=${'9'.repeat(400)}-`],
    ['the last 0 bytes', 'bytes=-0'],
  ])('%s: none', async (_name, range) => {
    const answer = await attacked.get(`/jobs/${jobId}/log?stream=stdout`, { Range: range });
    expect(answer.status).toBe(416);
    expect(answer.head).toContain(`content-range: bytes */${String(SIZE)}`);
  });

  it.each([
    ['an end beyond 2^64', 'bytes=990-18446744073709551616', 10],
    ['more than all', 'bytes=-18446744073709551616', SIZE],
    ['an end of 400 digits', `bytes=999-${'9'.repeat(400)}`, 1],
  ])('%s: what is there', async (_name, range, length) => {
    const before = residentBytes(attacked.server.pid);
    const answer = await attacked.get(`/jobs/${jobId}/log?stream=stdout`, { Range: range });
    expect([answer.status, answer.body.length]).toEqual([206, length]);
    expect(residentBytes(attacked.server.pid) - before).toBeLessThan(64 * 1024 * 1024);
  });
});

/** What `decodeURIComponent` takes; what it does not is no id anyway. */
function safely(text: string): string {
  try {
    decodeURIComponent(text);
    return text;
  } catch {
    return '';
  }
}
