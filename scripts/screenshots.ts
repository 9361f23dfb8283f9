/**
 * Makes the pictures of the console for the README: a real server, real jobs, a real Chromium. Run: npm run screenshots
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { Chromium, type Look } from '../test/browser/chromium.ts';
import { newTicketUrl } from '../test/browser/graphiql-page.ts';
import { cancelJob, startScript, untilOver, untilStatus } from '../test/end-to-end/harness/jobs.ts';
import { LifelineServer } from '../test/end-to-end/harness/lifeline-server.ts';
import { untilTrue } from '../test/end-to-end/harness/until-true.ts';

const TARGET = process.argv[2] ?? join(import.meta.dirname, '../docs/images');

const BUILD = String.raw`printf '\033[1;36m==>\033[0m Building \033[1mcheckout\033[0m\n'
for i in $(seq 1 40); do
  printf '\033[32m  ok\033[0m    src/part-%02d.ts \033[2m(%d ms)\033[0m\n' $i $((i * 7 % 90 + 3))
  [ $((i % 13)) -eq 0 ] && printf '\033[33mwarning\033[0m: part-%02d uses an old name\n' $i >&2
done
for p in 10 30 55 80 100; do printf '\rbundle %3d%%' $p; done; echo
printf '\033[38;5;208mdone\033[0m in \033[38;2;120;200;255m4.2 s\033[0m, 214 KiB\n'`;
const ENDLESS = String.raw`i=0; while :; do i=$((i+1)); printf '\033[2m%s\033[0m GET /orders/%d \033[32m200\033[0m %d ms\n' "$(date +%T)" $i $((i * 13 % 70 + 2)); [ $((i % 9)) -eq 0 ] && printf '\033[31mERROR\033[0m payment %d was refused: card expired\n' $i >&2; sleep 0.2; done`;

const SERVICES = [
  `mutation { saveService(input: { name: "web", description: "The shop", script: ${JSON.stringify(ENDLESS)}, labels: ["shop"], after: [{ service: "database" }] }) { name } }`,
  `mutation { saveService(input: { name: "report", description: "Sales of the day", script: "echo 17 orders", schedule: { cron: "0 6 * * *", timeZone: "Europe/Berlin" } }) { name } }`,
  `mutation { saveService(input: { name: "importer", script: "echo cannot reach the feed >&2; exit 3", restart: { maxFailures: 3, firstDelayMs: 100 } }) { name } }`,
];
const DATABASE =
  'mutation { saveService(input: { name: "database", description: "Orders and customers", script: "echo ready; exec sleep 600", labels: ["shop"], readiness: { log: { pattern: "ready" } } }) { name } }';

await using chromium = await Chromium.start();
await using server = await LifelineServer.start();
mkdirSync(TARGET, { recursive: true });
const { buildId, cancellingId } = await fillServer();
for (const look of ['light', 'dark'] as const) {
  await takeAll({ colorScheme: look, viewport: { width: 1280, height: 800 } }, `desktop-${look}`);
  await takeAll({ colorScheme: look, viewport: { width: 390, height: 844 } }, `phone-${look}`);
}

async function fillServer(): Promise<{ buildId: string; cancellingId: string }> {
  for (const save of [DATABASE, ...SERVICES]) await server.ask(save);
  for (const name of ['database', 'web', 'report']) {
    await server.ask(`mutation { startService(name: "${name}") { name } }`);
  }
  await server.ask('mutation { startService(name: "importer", waitMs: 0) { name } }');
  await untilOver(server, await startScript(server, 'echo 3 migrations applied'));
  await untilOver(server, await startScript(server, 'echo no such table: orders >&2; exit 1'));
  const id = await startScript(server, BUILD);
  await untilOver(server, id);
  const cancelled = await startScript(server, 'exec sleep 300');
  await untilStatus(server, cancelled, 'RUNNING');
  await cancelJob(server, cancelled, 0);
  await untilOver(server, cancelled);
  const stubborn = await startScript(server, "trap '' TERM; echo will not go; while :; do sleep 1; done");
  await untilStatus(server, stubborn, 'RUNNING');
  await cancelJob(server, stubborn, 600_000);
  await untilTrue(async () => {
    const { services } = await server.ask<{ services: { state: string }[] }>('{ services { state } }');
    return services.some(({ state }) => state === 'GAVE_UP');
  });
  return { buildId: id, cancellingId: stubborn };
}

async function takeAll(look: Look, name: string): Promise<void> {
  await using visitor = await chromium.newVisitor(look);
  const page = await visitor.newPage();
  await page.goto(await newTicketUrl(server));
  await page.getByRole('link', { name: /#/ }).first().waitFor();
  await take(page, `jobs-${name}`);
  await page.goto(`${server.url}/jobs/${buildId}#L20-22`);
  await page.getByText(/Complete/).waitFor();
  await take(page, `job-${name}`);
  await page.goto(`${server.url}/jobs/${cancellingId}`);
  await page.getByRole('region', { name: 'Cancellation' }).waitFor();
  await take(page, `cancelling-${name}`);
  await page.goto(`${server.url}/services`);
  await page.getByText('importer').first().waitFor();
  await page.getByRole('link', { name: /^database:/ }).waitFor();
  await take(page, `services-${name}`);
  await page.goto(`${server.url}/server`);
  await page.getByRole('heading', { name: 'Server' }).waitFor();
  await take(page, `server-${name}`);
  await page.keyboard.press('n');
  await page.getByLabel('Command', { exact: true }).fill("make test SUITE='end to end'");
  await take(page, `start-${name}`);
}

async function take(page: Page, name: string): Promise<void> {
  await page.evaluate(() => new Promise((resolve) => setTimeout(resolve, 300)));
  await page.screenshot({ path: join(TARGET, `${name}.png`) });
}
