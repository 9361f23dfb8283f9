import { readFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { startBehind } from '../../clients/behind-proxy.ts';
import { HostileProxy, PASS } from '../../clients/hostile-proxy.ts';
import { interrupt } from '../../clients/interrupt.ts';
import { RecipeProject } from '../../clients/recipe-project.ts';
import { cancelJob } from '../../end-to-end/harness/jobs.ts';
import type { LifelineServer } from '../../end-to-end/harness/lifeline-server.ts';
import { untilTrue } from '../../end-to-end/harness/until-true.ts';
import { Chromium } from '../chromium.ts';
import { Pages } from './pages.ts';

interface JobList {
  readonly jobs: { readonly edges: readonly { readonly node: { readonly id: string } }[] };
}

const LINES = Array.from({ length: 200 }, (_, index) => `line ${index + 1}`);

let browser: Chromium;
let pages: Pages;
let proxy: HostileProxy;
let server: LifelineServer;
let project: RecipeProject;
beforeAll(async () => {
  browser = await Chromium.start();
  pages = await Pages.listen();
  proxy = await HostileProxy.listen();
  server = await startBehind([proxy], ['--allowed-origin', pages.origin]);
  project = new RecipeProject();
  project.setServer({ url: proxy.url, token: server.token });
});
afterEach(async () => {
  await server.assertNothingIsLeft({ keptStreams: true });
});
afterAll(async () => {
  await server.assertNothingIsLeft();
  await server[Symbol.asyncDispose]();
  await proxy[Symbol.asyncDispose]();
  await pages[Symbol.asyncDispose]();
  await browser[Symbol.asyncDispose]();
  project[Symbol.dispose]();
});

describe.each([
  ['urql', 'urql.ts', "jobId: '999999'"],
  ['Apollo Client', 'apollo.ts', "variables: { jobId: '999999' }"],
])('%s in a page of another origin', (_, name, unknownJob) => {
  it('starts a job and shows each of its lines once, and its end, over cuts and restarts', async () => {
    proxy.behaviour = () => PASS;
    const url = await pages.bundle(project.directory, name);
    await using visitor = await browser.newVisitor();
    const page = await visitor.newPage();
    await page.goto(url);
    const shown = async () => (await page.locator('pre').allInnerTexts()).join('').split('\n').slice(0, -1);
    await interrupt(proxy, server, async () => (await shown()).length);
    await page.getByText('FAILED 3').waitFor();
    expect(await shown()).toEqual([...LINES, 'FAILED 3']);
    const others = visitor.requests.filter(
      (request) => ![pages.origin, proxy.url].includes(new URL(request).origin),
    );
    expect(others).toEqual([]);
    expect(await visitor.cookies()).toEqual([]);
  });

  it('says once what the server refuses', async () => {
    const source = readFileSync(project.file(name), 'utf8');
    project.write(
      `unknown-${name}`,
      source.replace(/jobId: started\.data\.startJob\.id|variables: \{ jobId \}/, unknownJob),
    );
    const url = await pages.bundle(project.directory, `unknown-${name}`);
    await using visitor = await browser.newVisitor();
    const page = await visitor.newPage();
    await page.goto(url);
    await page.getByText('999999').waitFor();
    const [started] = (await server.ask<JobList>('{ jobs(first: 1) { edges { node { id } } } }')).jobs.edges;
    await cancelJob(server, started!.node.id, 0);
    expect((await page.locator('pre').innerText()).match(/999999/g)).toHaveLength(1);
  });

  it('is refused where the origin is not allowed', async () => {
    const url = (await pages.bundle(project.directory, name)).replace('127.0.0.1', 'localhost');
    await using visitor = await browser.newVisitor();
    const page = await visitor.newPage();
    await page.goto(url);
    await untilTrue(() => visitor.complaints.some((complaint) => complaint.includes('CORS')));
    expect(await page.locator('pre').innerText()).toBe('');
  });
});
