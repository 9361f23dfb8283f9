import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { untilOver } from '../end-to-end/harness/jobs.ts';
import { LifelineServer } from '../end-to-end/harness/lifeline-server.ts';
import { untilTrue } from '../end-to-end/harness/until-true.ts';
import { Chromium, type Visitor } from './chromium.ts';
import { GraphiqlPage, newTicketUrl } from './graphiql-page.ts';

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
beforeEach(async () => {
  visitor = await chromium.newVisitor();
});
afterEach(async () => {
  await visitor[Symbol.asyncDispose]();
  await server.assertNothingIsLeft({ keptStreams: true });
});

async function openGraphiql(): Promise<GraphiqlPage> {
  const page = await visitor.newPage();
  await page.goto(await newTicketUrl(server));
  await page.getByRole('link', { name: 'GraphiQL' }).click();
  const graphiql = new GraphiqlPage(page);
  await graphiql.untilReady();
  return graphiql;
}

describe('GraphiQL in Chromium', () => {
  it('opened by a ticket, runs its examples from left to right, without a request off the origin', async () => {
    const graphiql = await openGraphiql();
    await graphiql.press();
    await graphiql.untilResponse('"startJob"', '"status"');

    await graphiql.chooseTab('FollowJob');
    await graphiql.press();
    await graphiql.untilResponse('"line 1"');
    await graphiql.untilResponse('"line 3"');

    await graphiql.chooseTab('CancelJob');
    await graphiql.press();
    await graphiql.untilResponse('"cancelJob"', '"CANCEL_REQUESTED"');

    await graphiql.chooseTab('FollowJob');
    await graphiql.press();
    await graphiql.untilResponse('"LogDone"', '"CANCELLED"');

    await graphiql.chooseTab('ListJobs');
    await graphiql.press();
    await graphiql.untilResponse('"jobs"', '"CANCELLED"');

    const origins = new Set(visitor.requests.map((url) => new URL(url).origin));
    expect([...origins]).toEqual([server.url]);
    expect(visitor.complaints).toEqual([]);
  });

  it('shows the lines of both streams and the end of a job that ends by itself', async () => {
    const graphiql = await openGraphiql();
    await graphiql.write('mutation { startJob(input: { script: "echo one; echo two >&2; exit 3" }) { id } }');
    await graphiql.press();
    const [, id] = /"id": "(\d+)"/.exec(await graphiql.untilResponse('"id"'))!;
    await graphiql.write(
      `subscription { jobLogs(jobId: ${id!}) { ... on LogLines { lines { stream text } } ... on LogDone { job { exitCode } } } }`,
    );
    await graphiql.press();
    await graphiql.untilResponse('"exitCode": 3', '"one"', '"two"', '"STDERR"');
    await untilOver(server, id!);
  });

  it('lets go of a job when its user stops following, or leaves', async () => {
    const graphiql = await openGraphiql();
    await graphiql.write('mutation { startJob(input: { script: "echo here; sleep 600" }) { id } }');
    await graphiql.press();
    const [, id] = /"id": "(\d+)"/.exec(await graphiql.untilResponse('"id"'))!;
    const subscribers = async (): Promise<number> => (await server.counters()).subscribers;

    await graphiql.write(`subscription { jobLogs(jobId: ${id!}) { ... on LogLines { lines { text } } } }`);
    await graphiql.press();
    await graphiql.untilResponse('"here"');
    expect(await subscribers()).toBe(1);
    await graphiql.press();
    await untilTrue(async () => (await subscribers()) === 0);

    await graphiql.press();
    await untilTrue(async () => (await subscribers()) === 1);
    await visitor[Symbol.asyncDispose]();
    await untilTrue(async () => (await subscribers()) === 0);
    await server.ask(`mutation { cancelJob(jobId: ${id!}, gracePeriodMs: 0) { id } }`);
    await untilOver(server, id!);
  });

  it('has the history, the explorer and the whole schema', async () => {
    const page = await visitor.newPage();
    await page.goto(await newTicketUrl(server));
    await page.goto(`${server.url}/graphql`);
    const graphiql = new GraphiqlPage(page);
    await graphiql.untilReady();
    await graphiql.chooseTab('ListJobs');
    await graphiql.press();
    await graphiql.untilResponse('"jobs"');
    await graphiql.openPlugin('History');
    // GraphiQL may list one run more than once: it looks at its state each time that anything of the tab changes.
    await page.locator('.graphiql-plugin').getByText('ListJobs').first().waitFor();
    await graphiql.openPlugin('GraphiQL Explorer');
    await page.locator('.graphiql-explorer-root').getByText('server', { exact: true }).waitFor();
    await graphiql.openPlugin('Documentation Explorer');
    await page.locator('.graphiql-plugin').getByText('Subscription', { exact: true }).waitFor();
    expect(visitor.complaints).toEqual([]);
  });
});
