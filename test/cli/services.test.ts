import { writeFileSync } from 'node:fs';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { LifelineServer } from '../end-to-end/harness/lifeline-server.ts';
import { untilTrue } from '../end-to-end/harness/until-true.ts';
import { lifeline, startCommand } from './lifeline-command.ts';

describe('services on the command line', () => {
  let server: LifelineServer;

  beforeAll(async () => {
    server = await LifelineServer.start();
  });
  afterAll(async () => {
    await server[Symbol.asyncDispose]();
  });
  beforeEach(async () => {
    write('services: {}\n');
    await succeed('apply', '-f', 'lifeline.yaml', '--prune', '--yes');
  });

  function write(text: string): void {
    writeFileSync(server.scratch.file('lifeline.yaml'), text);
  }

  async function succeed(...args: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await lifeline(server, args);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    return stdout;
  }

  async function states(): Promise<Record<string, string>> {
    const rows = JSON.parse(await succeed('services', '--json')) as readonly {
      name: string;
      state: string;
    }[];
    return Object.fromEntries(rows.map(({ name, state }) => [name, state]));
  }

  async function json(...args: readonly string[]): Promise<Record<string, unknown>> {
    return JSON.parse(await succeed(...args, '--json')) as Record<string, unknown>;
  }

  const STACK = `
services:
  api:
    script: echo up; exec sleep 600
    after: [db]
    env: {PORT: 8080, API_TOKEN: first-secret}
  db: {command: [sleep, 600]}
  idle: {command: [sleep, 600], desired: down}
`;

  it('come from a file: the difference is shown first, and a second apply does nothing', async () => {
    write(STACK);
    const dry = await succeed('apply', '-f', 'lifeline.yaml', '--dry-run');
    expect(dry).toContain('+ api: saved, started\n');
    expect(await states()).toEqual({});

    const applied = await succeed('apply', '-f', 'lifeline.yaml', '--wait');
    expect(applied).toContain('+ db: saved, started\n    command: sleep 600\n');
    expect(applied).toContain('+ idle: saved\n');
    expect(applied).not.toContain('first-secret');
    expect(await states()).toEqual({ api: 'READY', db: 'READY', idle: 'STOPPED' });

    expect(await succeed('apply', '-f', 'lifeline.yaml')).toBe('nothing to do\n');
    expect(await json('apply', '-f', 'lifeline.yaml')).toMatchObject({ applied: false, steps: [] });
  });

  it('are changed and restarted only after a yes, and what is secret is not shown', async () => {
    write(STACK);
    await succeed('apply', '-f', 'lifeline.yaml', '--wait');
    const before = await json('service', 'api');
    write(STACK.replace('8080', '9090').replace('first-secret', 'second-secret'));
    const refused = await lifeline(server, ['apply', '-f', 'lifeline.yaml']);
    expect(refused.code).toBe(125);
    expect(refused.stderr).toContain('Say --yes');
    expect(refused.stdout).toContain('~ api: saved, restarted\n');
    expect(refused.stdout).toContain('    env.PORT: 8080 → 9090\n');
    expect(refused.stdout).toContain('    env.API_TOKEN: (not shown) another value\n');
    expect(refused.stdout).not.toContain('secret');
    expect(await json('service', 'api')).toMatchObject({ version: 1 });

    const asked = ['apply', '-f', 'lifeline.yaml', '--wait'];
    const no = await lifeline(server, asked, { terminal: true, stdin: 'n\n' });
    expect(no.code).toBe(125);
    expect(no.stdout).toMatch(/Do this\? \[y\/N\] .*Nothing was done\./s);
    expect(await json('service', 'api')).toMatchObject({ version: 1 });
    const yes = await lifeline(server, asked, { terminal: true, stdin: 'yes\n' });
    expect(yes.code).toBe(0);
    const after = await json('service', 'api');
    expect(after).toMatchObject({ version: 2, state: 'READY', currentJob: { serviceVersion: 2 } });
    expect(after['currentJob']).not.toMatchObject({ id: (before['currentJob'] as { id: string }).id });
  });

  it('go on as they were with --no-restart, and where nothing that a job has is different', async () => {
    write(STACK);
    await succeed('apply', '-f', 'lifeline.yaml', '--wait');
    const { currentJob } = await json('service', 'api');
    write(STACK.replace('8080', '9090'));
    const left = await succeed('apply', '-f', 'lifeline.yaml', '--no-restart');
    expect(left).toContain('~ api: saved, goes on as it was until its next start\n');
    write(STACK.replace('8080', '9090').replace('after: [db]', 'after: [db]\n    restart: always'));
    expect(await succeed('apply', '-f', 'lifeline.yaml')).toContain('    restart: always\n');
    expect(await json('service', 'api')).toMatchObject({
      version: 3,
      currentJob: { ...(currentJob as object) },
    });
  });

  it('go away with --prune alone, those first that come after others', async () => {
    write(STACK);
    await succeed('apply', '-f', 'lifeline.yaml', '--wait');
    write('services:\n  idle: {command: [sleep, 600], desired: down}\n');
    expect(await succeed('apply', '-f', 'lifeline.yaml')).toContain(
      'not in the file, and kept: api, db (--prune removes them)',
    );
    expect((await lifeline(server, ['apply', '-f', 'lifeline.yaml', '--prune'])).code).toBe(125);
    const pruned = await succeed('apply', '-f', 'lifeline.yaml', '--prune', '--yes');
    expect(pruned).toContain('- api: stopped and removed\n- db: stopped and removed\n');
    expect(await states()).toEqual({ idle: 'STOPPED' });
  });

  it('are stopped and started by hand, and an apply brings back what the file wants', async () => {
    write(STACK);
    await succeed('apply', '-f', 'lifeline.yaml', '--wait');
    expect(await succeed('stop', 'db')).toBe('db is STOPPED\n');
    expect(await states()).toMatchObject({ api: 'STOPPED', db: 'STOPPED' });
    expect(await succeed('start', 'api', 'idle')).toBe('api is READY\nidle is READY\n');
    expect(await succeed('restart', 'idle')).toBe('idle is READY\n');
    await succeed('stop', 'api', 'db', 'idle');
    expect(await succeed('apply', '-f', 'lifeline.yaml', '--wait')).toContain('~ api: started\n');
    expect(await states()).toEqual({ api: 'READY', db: 'READY', idle: 'STOPPED' });

    const missing = await lifeline(server, ['start', 'nobody', 'idle']);
    expect(missing.code).toBe(125);
    expect(missing.stdout).toBe('idle is READY\n');
    expect(missing.stderr).toContain('lifeline: nobody: There is no service "nobody"');
  });

  it('are followed from one job to the next', async () => {
    write('services:\n  ticker: {script: "echo one; exec sleep 600"}\n');
    await succeed('apply', '-f', 'lifeline.yaml', '--wait');
    using follower = startCommand(server, ['logs', '-f', 'ticker']);
    using program = startCommand(server, ['logs', '-f', 'ticker', '--json']);
    await follower.untilPrinted('one');
    await program.untilPrinted('one');
    await succeed('restart', 'ticker');
    await follower.untilSaid('; waiting for the next job\n');
    await untilTrue(() => follower.stdout.split('one').length === 3);
    await untilTrue(() => program.stdout.split('"text":"one').length === 3);
    const documents = program.stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { jobId?: string });
    expect(new Set(documents.flatMap(({ jobId }) => jobId ?? [])).size).toBe(2);
    expect(await succeed('logs', 'ticker')).toMatch(/^one/);
    const none = await lifeline(server, ['logs', 'nobody']);
    expect(none).toMatchObject({ code: 125, stderr: 'lifeline: There is no service nobody.\n' });
    follower.signal('SIGINT');
    program.signal('SIGINT');
  });

  it('say that they failed where they are waited for', async () => {
    write('services:\n  broken: {command: [there-is-no-such-program], restart: never}\n');
    const { code, stderr } = await lifeline(server, ['apply', '-f', 'lifeline.yaml', '--wait', '20s']);
    expect(code).toBe(125);
    expect(stderr).toContain('broken did not come up');
    const table = await succeed('services');
    expect(table).toMatch(/^NAME +STATE +SINCE +JOB +FAILURES +NEXT +WHY\nbroken +FAILED /);
  });

  it('are shown as a file that means the same', async () => {
    write(STACK);
    await succeed('apply', '-f', 'lifeline.yaml', '--wait');
    const shown = await succeed('service', 'api');
    expect(shown).toMatch(/^state +READY since /);
    const file = shown.slice(shown.indexOf('services:\n'));
    write(file);
    expect(await succeed('apply', '-f', 'lifeline.yaml')).toContain('nothing to do');
  });

  it('are refused with all that is wrong with their file, and nothing is done', async () => {
    write('services:\n  a: {commnd: [x]}\n  b: {command: [x], timeout: 5}\n');
    const { code, stdout, stderr } = await lifeline(server, ['apply', '-f', 'lifeline.yaml']);
    expect({ code, stdout }).toEqual({ code: 125, stdout: '' });
    expect(stderr).toContain(
      'lifeline.yaml:2:7: services.a.commnd: There is no such key; did you mean command?',
    );
    expect(stderr).toContain('lifeline.yaml:3:30: services.b.timeout: It must be a time with its unit');
    expect(await states()).toEqual({});
    expect((await lifeline(server, ['apply', '-f', 'nowhere.yaml'])).stderr).toContain(
      'cannot be read (ENOENT)',
    );
  });

  it('can come from standard input, and from the files of others', async () => {
    writeFileSync(server.scratch.file('Procfile'), 'web: exec sleep 600\nclock: exec sleep $PORT\n');
    const imported = await lifeline(server, ['import', 'procfile', 'Procfile']);
    expect(imported.code).toBe(0);
    expect(imported.stderr).toContain('clock: PORT: ');
    const applied = await lifeline(server, ['apply', '-f', '-', '--no-start'], { stdin: imported.stdout });
    expect(applied).toMatchObject({ code: 0, stderr: '' });
    expect(await states()).toEqual({ clock: 'STOPPED', web: 'STOPPED' });
    expect(JSON.parse(await succeed('schema'))).toMatchObject({ title: 'Lifeline services' });
  });
});
