import { readFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { LifelineServer } from '../end-to-end/harness/lifeline-server.ts';
import { untilTrue } from '../end-to-end/harness/until-true.ts';
import { type CommandOptions, lifeline, type CommandResult } from './lifeline-command.ts';

describe('the commands for tokens', () => {
  let server: LifelineServer;

  beforeAll(async () => {
    server = await LifelineServer.start();
  });
  afterEach(async () => {
    await server.assertNothingIsLeft();
  });
  afterAll(async () => {
    await server[Symbol.asyncDispose]();
  });

  function as(token: string): CommandOptions {
    return { env: { LIFELINE_TOKEN: token } };
  }

  async function created(name: string, scope: string): Promise<string> {
    const { code, stdout, stderr } = await lifeline(server, ['token', 'create', '--scope', scope, name]);
    expect(code).toBe(0);
    expect(stderr).toContain('shown once');
    expect(stdout).toMatch(/^lifeline_[\w-]{43}\n$/);
    return stdout.trim();
  }

  const ran = async (token: string, ...args: string[]): Promise<CommandResult> =>
    lifeline(server, args, as(token));

  it('make one that may see and nothing else, list it, and end it', async () => {
    const token = await created('dashboard', 'read');
    expect((await ran(token, 'ps')).code).toBe(0);
    for (const args of [
      ['run', '--', 'true'],
      ['token', 'list'],
      ['token', 'create', '--scope', 'read', 'more'],
    ]) {
      const { code, stderr } = await ran(token, ...args);
      expect(code).toBe(125);
      expect(stderr).toMatch(/needs a token with the scope (exec|admin); this one has read/);
    }
    const listed = await lifeline(server, ['token', 'list']);
    expect(listed.stdout).toMatch(/^dashboard +read +valid /m);
    const revoked = await lifeline(server, ['token', 'revoke', 'dashboard']);
    expect([revoked.code, revoked.stdout]).toEqual([0, 'the token dashboard is revoked\n']);
    expect((await ran(token, 'ps')).stderr).toContain('token');
    expect((await ran(token, 'ps')).code).toBe(125);
    expect((await lifeline(server, ['token', 'list'])).stdout).toMatch(/^dashboard +read +revoked /m);
  });

  it('show what was done with one, and what it was refused, to an admin alone', async () => {
    const token = await created('watched', 'run');
    await ran(token, 'run', '--', 'true');
    await ran(token, 'cancel', '1234567');
    const shown = await lifeline(server, ['audit', '--token', 'watched']);
    const rows = shown.stdout
      .trim()
      .split('\n')
      .map((row) => row.split(/ {2,}/).slice(1));
    expect(rows).toEqual([
      ['RESULT', 'ACTION', 'SUBJECT', 'FROM', 'WHO'],
      ['JOB_NOT_FOUND', 'cancelJob', 'job 1234567', '127.0.0.1', 'the token watched'],
      ['FORBIDDEN', 'startJob', '-', '127.0.0.1', 'the token watched'],
    ]);
    const refused = await lifeline(server, [
      'audit',
      '--token',
      'watched',
      '--refused',
      '--since',
      '1h',
      '--json',
    ]);
    expect(JSON.parse(refused.stdout)).toMatchObject([{ action: 'startJob', token: { name: 'watched' } }]);
    expect((await ran(token, 'audit')).stderr).toMatch(/needs a token with the scope admin/);
  });

  it('name who cancelled a job, and do not let its holder start one', async () => {
    const token = await created('operator', 'run');
    const started = await lifeline(server, ['run', '--detach', '--json', '--', 'sleep', '600']);
    const { id } = JSON.parse(started.stdout) as { id: string };
    expect((await ran(token, 'run', '--', 'true')).code).toBe(125);
    expect((await ran(token, 'cancel', '--grace', '0', id)).code).toBe(0);
    await untilTrue(async () => (await lifeline(server, ['show', id])).stdout.includes('CANCELLED'));
    const { stdout } = await lifeline(server, ['show', '--json', id]);
    expect(stdout).toContain('"requestedBy":"the token operator, from 127.0.0.1"');
  });

  it('keep nothing that lets anybody in, in the data directory or in the log of the server', async () => {
    const token = await created('secretive', 'exec');
    await ran(token, 'ps');
    for (const name of ['lifeline.db', 'lifeline.db-wal']) {
      expect(readFileSync(`${server.dataDirectory}/${name}`).includes(token.slice(9))).toBe(false);
    }
    expect(server.stderr).not.toContain(token.slice(9));
  });

  it('refuse what they do not know, and say what to give', async () => {
    expect((await lifeline(server, ['token', 'create', 'x'])).stderr).toContain('--scope');
    expect((await lifeline(server, ['token', 'create', '--scope', 'root', 'x'])).stderr).toContain('admin');
    expect((await lifeline(server, ['token', 'create', '--scope', 'read', 'a b'])).stderr).toContain('64');
    const soon = await lifeline(server, ['token', 'create', '--scope', 'read', '--expires', 'soon', 'x']);
    expect(soon.stderr).toContain('30d');
    expect((await lifeline(server, ['token', 'revoke', 'nobody'])).stderr).toContain('nobody');
  });
});
