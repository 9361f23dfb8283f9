import { writeFileSync } from 'node:fs';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { LifelineCommand } from '../cli/lifeline-command.ts';
import { LifelineServer } from './harness/lifeline-server.ts';
import { ScratchDirectory } from './harness/scratch-directory.ts';
import { untilTrue } from './harness/until-true.ts';

interface Seen {
  readonly name: string;
  readonly state: string;
  readonly version: number;
  readonly definition: { readonly cwd: string | null };
  readonly currentJob: { readonly id: string } | null;
}

describe('the file of --services', () => {
  const scratch = new ScratchDirectory();
  const file = scratch.file('lifeline.yaml');
  let server: LifelineServer | undefined;

  afterEach(async () => {
    await server?.[Symbol.asyncDispose]();
    server = undefined;
  });

  afterAll(() => scratch[Symbol.dispose]());

  async function seen(): Promise<Record<string, Seen>> {
    const { services } = await server!.ask<{ services: readonly Seen[] }>(
      '{ services { name state version definition { cwd } currentJob { id } } }',
    );
    return Object.fromEntries(services.map((service) => [service.name, service]));
  }

  it('is applied at each start: once, and then only what has changed', async () => {
    const text = 'services:\n  db: {command: [sleep, 600]}\n  api: {command: [sleep, 600], after: [db]}\n';
    writeFileSync(file, 'services: {}\n');
    server = await LifelineServer.start({ env: { LIFELINE_SERVICES: file } });
    writeFileSync(file, text);
    await server.restart();
    await untilTrue(async () => (await seen())['api']?.state === 'READY');
    const first = await seen();
    expect(first['db']).toMatchObject({ version: 1, definition: { cwd: scratch.path } });

    await server.restart('SIGKILL');
    await untilTrue(async () => (await seen())['api']?.state === 'READY');
    expect(await seen()).toEqual(first);

    writeFileSync(file, text.replace('sleep, 600', 'sleep, 601'));
    await server.restart('SIGKILL');
    await untilTrue(async () => (await seen())['db']?.currentJob?.id !== first['db']?.currentJob?.id);
    await untilTrue(async () => (await seen())['db']?.state === 'READY');
    const second = await seen();
    expect(second['db']?.version).toBe(2);
    expect(second['api']).toMatchObject({ version: 1, currentJob: first['api']!.currentJob });
  });

  it('refuses the start with everything that is wrong with it', async () => {
    writeFileSync(file, 'services:\n  db: {commnd: [sleep]}\n');
    const args = ['serve', '--port', '0', '--data-dir', scratch.file('data'), '--services', file];
    using command = new LifelineCommand(args, { cwd: scratch.path });
    const { code, stdout, stderr } = await command.end();
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain(`${file}:2:8: services.db.commnd: There is no such key; did you mean command?`);
  });
});
