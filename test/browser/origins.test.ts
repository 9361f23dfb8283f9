import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { LifelineServer } from '../end-to-end/harness/lifeline-server.ts';
import { startScript, untilOver } from '../end-to-end/harness/jobs.ts';
import { Chromium, type Visitor } from './chromium.ts';
import { newTicketUrl } from './graphiql-page.ts';
import { Site } from './site.ts';

let site: Site;
let chromium: Chromium;
let server: LifelineServer;
let jobId: string;
beforeAll(async () => {
  chromium = await Chromium.start();
  site = await Site.serve('<!doctype html><title>a front end</title>');
  // Another port of the same host is the same site for cookies, and another origin for everything else.
  server = await LifelineServer.start({ args: ['--allowed-origin', site.origin('127.0.0.1')] });
  jobId = await startScript(server, 'echo secret of the job');
  await untilOver(server, jobId);
});
afterAll(async () => {
  await server.assertNothingIsLeft();
  await server[Symbol.asyncDispose]();
  await chromium[Symbol.asyncDispose]();
  site[Symbol.dispose]();
});

let visitor: Visitor;
let page: Page;
beforeEach(async () => {
  visitor = await chromium.newVisitor();
  page = await visitor.newPage();
  await page.goto(await newTicketUrl(server));
  await page.getByRole('link', { name: 'GraphiQL' }).waitFor();
});
afterEach(async () => {
  await visitor[Symbol.asyncDispose]();
  await server.assertNothingIsLeft({ keptStreams: true });
});

/** Fetches from within the page, and gives what it can see. */
async function fetchInPage(
  path: string,
  init: { method?: string; headers?: Record<string, string>; body?: string; credentials?: 'include' },
): Promise<string> {
  return page.evaluate(
    async ([url, options]) => {
      try {
        const response = await fetch(url, options);
        return `${String(response.status)} ${await response.text()}`;
      } catch {
        return 'the browser did not let it see the answer';
      }
    },
    [server.url + path, init] as const,
  );
}

function operation(query: string): { method: string; headers: Record<string, string>; body: string } {
  return { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ query }) };
}

const START = operation('mutation { startJob(input: { command: ["true"] }) { id } }');

describe('a page of another origin, in a browser that is logged in', () => {
  it.each(['evil.example', 'localhost'])('can neither read nor start anything from %s', async (name) => {
    await page.goto(site.origin(name));
    const before = await server.ask('{ jobs(first: 1) { edges { node { id } } } }');
    const withCookie = { credentials: 'include' } as const;
    const bearer = { authorization: `Bearer ${server.token}` };
    for (const answer of [
      await fetchInPage(`/jobs/${jobId}/log?stream=stdout`, withCookie),
      await fetchInPage(`/events?job_id=${jobId}&after=0`, withCookie),
      await fetchInPage('/graphql', { ...START, ...withCookie }),
      await fetchInPage('/graphql', { ...START, headers: { 'content-type': 'text/plain' }, ...withCookie }),
      await fetchInPage('/graphql', { ...START, headers: { ...START.headers, ...bearer } }),
    ]) {
      expect(answer).toBe('the browser did not let it see the answer');
    }
    expect(await server.ask('{ jobs(first: 1) { edges { node { id } } } }')).toEqual(before);
  });

  it('cannot put a page of the server into a frame', async () => {
    await page.goto(site.origin('evil.example'));
    await page.evaluate(async (url) => {
      const frame = document.createElement('iframe');
      frame.src = url;
      const loaded = new Promise((resolve) => frame.addEventListener('load', resolve));
      document.body.append(frame);
      await loaded;
    }, server.url);
    expect(visitor.complaints.join()).toContain('frame');
  });
});

describe('a page of an allowed origin', () => {
  it('uses the API with a token, and reads a stream', async () => {
    await page.goto(site.origin('127.0.0.1'));
    const bearer = { authorization: `Bearer ${server.token}` };
    const started = await fetchInPage('/graphql', { ...START, headers: { ...START.headers, ...bearer } });
    expect(started).toMatch(/^200 .*"startJob"/);
    expect(await fetchInPage(`/jobs/${jobId}/log?stream=stdout`, { headers: bearer })).toContain(
      'secret of the job',
    );
    const resumed = { headers: { ...bearer, 'last-event-id': '0' } };
    expect(await fetchInPage(`/events?job_id=${jobId}`, resumed)).toContain('log.done');
    const logs = operation(
      `subscription { jobLogs(jobId: ${jobId}) { ... on LogLines { lines { text } } } }`,
    );
    const headers = { ...logs.headers, ...bearer, accept: 'text/event-stream' };
    for (const path of ['/graphql', '/graphql/stream']) {
      expect(await fetchInPage(path, { ...logs, headers })).toContain('secret of the job');
    }
  });

  it('cannot use the cookie of the browser', async () => {
    await page.goto(site.origin('127.0.0.1'));
    const withCookie = { credentials: 'include' } as const;
    for (const answer of [
      await fetchInPage(`/jobs/${jobId}/log?stream=stdout`, withCookie),
      await fetchInPage('/graphql', { ...START, ...withCookie }),
      await fetchInPage('/graphql', {
        ...START,
        headers: { ...START.headers, 'lifeline-request': 'forged' },
        ...withCookie,
      }),
    ]) {
      expect(answer).toBe('the browser did not let it see the answer');
    }
    // Without the cookie it sees why.
    expect(await fetchInPage(`/jobs/${jobId}/log`, {})).toMatch(/^401 .*UNAUTHENTICATED/);
  });
});
