import { afterEach, describe, expect, it } from 'vitest';
import { LifelineServer } from '../end-to-end/harness/lifeline-server.ts';
import { lifeline, startCommand } from './lifeline-command.ts';

/** Counts on both streams, and ends with 7. */
const COUNTER = 'i=0; while [ $i -lt 200 ]; do i=$((i + 1)); echo $i; echo e$i >&2; sleep 0.02; done; exit 7';
const NUMBERS = Array.from({ length: 200 }, (_, index) => index + 1);

describe('lifeline run while its server is killed and started again', () => {
  let server: LifelineServer;

  afterEach(async () => {
    try {
      await server.assertNothingIsLeft();
    } finally {
      await server[Symbol.asyncDispose]();
    }
  });

  it.each([
    ['on the same port', []],
    // The last one counts: each start picks a free port.
    ['on another port', ['--port', '0']],
  ])('loses nothing and keeps the exit code: %s', async (_, args) => {
    server = await LifelineServer.start({ args });
    using run = startCommand(server, ['run', '--script', COUNTER]);
    for (const number of [20, 90]) {
      await run.untilPrinted(`\n${number}\n`);
      await server.restart('SIGKILL');
    }
    const { code, stdout, stderr } = await run.end();
    expect(stdout).toBe(NUMBERS.map((number) => `${number}\n`).join(''));
    expect(stderr).toBe(NUMBERS.map((number) => `e${number}\n`).join(''));
    expect(code).toBe(7);
  });

  it('says so with --verbose only, and so does logs -f', async () => {
    server = await LifelineServer.start();
    using run = startCommand(server, ['run', '--script', 'echo up; sleep 600']);
    await run.untilPrinted('up');
    const [job] = JSON.parse((await lifeline(server, ['ps', '--json'])).stdout) as { id: string }[];
    using logs = startCommand(server, ['logs', '-f', '--verbose', job!.id]);
    await logs.untilPrinted('up');
    await server.end('SIGKILL');
    await logs.untilSaid('lifeline: the connection is lost');
    await server.launch();
    await logs.untilSaid('lifeline: connected again\n');
    await lifeline(server, ['cancel', job!.id]);
    expect((await logs.end()).code).toBe(0);
    expect((await run.end()).stderr).toMatch(/^lifeline: job \d+ CANCELLED: .+\n$/);
  });
});
