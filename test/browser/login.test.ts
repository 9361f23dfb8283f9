import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { cancelJob, startScript, untilOver } from '../end-to-end/harness/jobs.ts';
import { LifelineServer, MAIN_PATH } from '../end-to-end/harness/lifeline-server.ts';
import { ScratchDirectory } from '../end-to-end/harness/scratch-directory.ts';
import { untilTrue } from '../end-to-end/harness/until-true.ts';
import { Chromium, type Visitor } from './chromium.ts';
import { newTicketUrl } from './graphiql-page.ts';
import { Site } from './site.ts';

let chromium: Chromium;
let server: LifelineServer;
beforeAll(async () => {
  chromium = await Chromium.start();
  server = await LifelineServer.start();
});
afterAll(async () => {
  await server.assertNothingIsLeft();
  await server[Symbol.asyncDispose]();
  await chromium[Symbol.asyncDispose]();
});

let visitor: Visitor;
let page: Page;
beforeEach(async () => {
  visitor = await chromium.newVisitor();
  page = await visitor.newPage();
});
afterEach(async () => {
  await visitor[Symbol.asyncDispose]();
  await server.assertNothingIsLeft({ keptStreams: true });
});

async function logIn(token: string): Promise<void> {
  await page.getByLabel('Token of this server').fill(token);
  await page.getByRole('button', { name: 'Log in' }).click();
}

describe('getting in with Chromium', () => {
  it('asks for the token, says when it is wrong, and leads to where the visitor wanted to go', async () => {
    await page.goto(`${server.url}/graphql?from=a%20link`);
    await page.waitForURL('**/login?to=*');
    await logIn('not the token');
    await page.getByRole('alert').getByText('That is no token of this server.').waitFor();
    await logIn(server.token);
    await page.waitForURL(`${server.url}/graphql?from=a%20link`);
    expect(await visitor.cookies()).toMatchObject([
      { name: `lifeline-${String(server.port)}`, httpOnly: true, sameSite: 'Strict' },
    ]);
    expect(await page.evaluate(() => document.cookie)).toBe('');
  });

  it('leads to the lines that a link names, also when the link was opened without being logged in', async () => {
    const id = await startScript(server, 'seq 1 30');
    await untilOver(server, id);
    await page.goto(`${server.url}/jobs/${id}?from=a%20link#L12-14`);
    await page.waitForURL('**/login?to=*');
    await logIn(server.token);
    await page.waitForURL(`${server.url}/jobs/${id}?from=a%20link#L12-14`);
    await page.locator('.log-line.marked').nth(2).waitFor();
    expect(await page.locator('.log-line.marked').count()).toBe(3);
    expect(visitor.complaints.filter((complaint) => !complaint.includes('401'))).toEqual([]);
  });

  it('lets one browser in by a ticket; the second one is told and can use the token', async () => {
    const url = await newTicketUrl(server);
    await page.goto(url);
    await page.waitForURL(`${server.url}/`);
    await page.getByRole('button', { name: 'New job' }).waitFor();
    await visitor.forget();
    await page.goto(url);
    await page.getByText('That link has been used or has expired').waitFor();
    await logIn(server.token);
    await page.waitForURL(`${server.url}/`);
  });

  it('stays logged in over a restart of the server, until the logout', async () => {
    await page.goto(await newTicketUrl(server));
    await page.getByRole('link', { name: 'GraphiQL' }).waitFor();
    await server.restart('SIGKILL');
    await page.goto(server.url);
    await page.getByRole('button', { name: 'Log out' }).click();
    await page.waitForURL('**/login');
    expect(await visitor.cookies()).toEqual([]);
    await page.goto(server.url);
    await page.waitForURL('**/login?to=*');
  });

  it('leads to the plain login page by the logout, though what the page follows is cut by it', async () => {
    const jobId = await startScript(server, 'while :; do echo tick; sleep 0.02; done');
    for (let round = 0; round < 6; round += 1) {
      await page.goto(await newTicketUrl(server));
      if (round % 2 === 0) await page.goto(`${server.url}/jobs/${jobId}`);
      await page.getByRole('button', { name: 'Log out' }).click();
      await page.waitForURL('**/login');
    }
    await cancelJob(server, jobId, 0);
    await untilOver(server, jobId);
  });

  it('is opened by the line that the server prints to a terminal', async () => {
    using scratch = new ScratchDirectory();
    const command = `exec '${process.execPath}' '${MAIN_PATH}' serve --port 0 --data-dir '${scratch.file('data')}'`;
    // util-linux: runs the command on a terminal of its own, and copies what it prints.
    const terminal = spawn('script', ['--quiet', '--return', '--command', command, '/dev/null'], {
      stdio: ['ignore', 'pipe', 'ignore'],
      env: { ...process.env, XDG_RUNTIME_DIR: scratch.path },
    });
    try {
      let printed = '';
      terminal.stdout.on('data', (chunk: Buffer) => (printed += chunk.toString()));
      const [, url] = await untilTrue(() => /^Open (http:\S+)/m.exec(printed));
      await page.goto(url!);
      await page.getByRole('link', { name: 'GraphiQL' }).waitFor();
    } finally {
      const exited = once(terminal, 'exit');
      terminal.kill('SIGTERM');
      await exited;
    }
  });

  it('lets an EventSource of its pages follow a job, until the logout', async () => {
    await page.goto(await newTicketUrl(server));
    await page.getByRole('link', { name: 'GraphiQL' }).waitFor();
    const jobId = await startScript(server, 'echo live; sleep 600');
    const firstLine = await page.evaluate(
      (id) =>
        new Promise((resolve) => {
          const source = new EventSource(`/events?job_id=${id}&after=0`);
          source.addEventListener('log.line', (event) => {
            resolve(event.data);
          });
        }),
      jobId,
    );
    expect(firstLine).toContain('"line":"live"');
    const home = await visitor.newPage();
    await home.goto(server.url);
    await home.getByRole('button', { name: 'Log out' }).click();
    await home.waitForURL('**/login');
    await untilTrue(async () => (await server.counters()).subscribers === 0);
    await cancelJob(server, jobId, 0);
    await untilOver(server, jobId);
  });

  it('follows a link from another site without a new login', async () => {
    await page.goto(await newTicketUrl(server));
    await page.getByRole('link', { name: 'GraphiQL' }).waitFor();
    using wiki = await Site.serve(`<a href="${server.url}/graphql?tab=1">to GraphiQL</a>`);
    await page.goto(wiki.origin('wiki.example'));
    await page.getByRole('link', { name: 'to GraphiQL' }).click();
    await page.waitForURL(`${server.url}/graphql?tab=1`);
    await page.getByRole('tab', { name: 'StartJob' }).waitFor();
  });

  it('follows a ticket from another site, too', async () => {
    using chat = await Site.serve(`<a href="${await newTicketUrl(server)}">to Lifeline</a>`);
    await page.goto(chat.origin('chat.example'));
    await page.getByRole('link', { name: 'to Lifeline' }).click();
    await page.getByRole('link', { name: 'GraphiQL' }).waitFor();
    expect(page.url()).toBe(`${server.url}/`);
  });
});
