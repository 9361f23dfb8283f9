import { buildSchema, parse, validate } from 'graphql';
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '../..');
const README = readFileSync(join(ROOT, 'README.md'), 'utf8');
const INSTALL = 'npm ci && ';
const START = 'npm start';
const TOKEN_LINE = 'TOKEN=$(cat .lifeline/token)';

const run = promisify(execFile);

function blocks(language: string): string[] {
  const fences = README.matchAll(/^```(\w+)\n(.*?)^```$/gms);
  return [...fences].filter(([, name]) => name === language).map(([, , text]) => text!.trimEnd());
}

/** Options of a server of the developer's own are not for this one. */
const environment = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => !name.startsWith('LIFELINE_')),
);

describe('the commands of the README', () => {
  let scratch: string;
  let server: ChildProcess;
  let address: string;

  beforeAll(async () => {
    scratch = mkdtempSync(join(tmpdir(), 'lifeline-readme-'));
    const options = `-- --port 0 --data-dir ${join(scratch, '.lifeline')} --on-exit cancel`;
    // A group of its own: npm and its shell stand between us and the server.
    server = spawn('sh', ['-c', `${START} ${options}`], {
      cwd: ROOT,
      env: environment,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let complaints = '';
    server.stderr!.on('data', (chunk: Buffer) => (complaints += chunk.toString()));
    for await (const line of createInterface({ input: server.stdout! })) {
      const ready = /^Lifeline is ready at http:\/\/(\S+)/.exec(line)?.[1];
      if (ready === undefined) continue;
      address = ready;
      return;
    }
    throw new Error(`The server did not start. It said: ${complaints}`);
  });

  afterAll(async () => {
    if (server.exitCode === null && server.signalCode === null) {
      const exited = once(server, 'exit');
      process.kill(-server.pid!, 'SIGTERM');
      await exited;
    }
    rmSync(scratch, { recursive: true, force: true, maxRetries: 5 });
  });

  function here(text: string): string {
    return text.replaceAll('127.0.0.1:4000', address);
  }

  /** Runs the one block that has this text, as a person would who pastes it, and gives what it prints. */
  async function paste(part: string): Promise<string> {
    const matching = blocks('sh').filter((block) => block.includes(part));
    expect(matching).toHaveLength(1);
    const script = `set -euo pipefail\n${TOKEN_LINE}\n${here(matching[0]!)}`;
    const { stdout } = await run('bash', ['-c', script], { cwd: scratch, env: environment });
    expect(stdout).not.toContain('"errors"');
    return stdout;
  }

  /** Runs the one snippet that has this text as a module of this package, and gives what it prints. */
  async function runModule(part: string): Promise<string[]> {
    const matching = blocks('js').filter((block) => block.includes(part));
    expect(matching).toHaveLength(1);
    const token = readFileSync(join(scratch, '.lifeline/token'), 'utf8').trim();
    const source = here(matching[0]!).replace('the text in .lifeline/token', token);
    const { stdout } = await run(process.execPath, ['--input-type=module', '--eval', source], { cwd: ROOT });
    return stdout.trimEnd().split('\n');
  }

  it('begin with the two that do everything, which CI runs', () => {
    const ci = readFileSync(join(ROOT, '.ci/run'), 'utf8');
    const [demo, test] = blocks('sh');
    expect(README.indexOf(demo!)).toBeLessThan(2_000);
    expect([demo, test]).toEqual(['npm ci && npm run demo', 'npm ci && npm test']);
    // CI installs once: its demo is the second half of the README's command.
    expect(ci).toMatch(/^\(npm ci && npm test\)/m);
    expect(ci).toMatch(/npm run demo;/);
  });

  it('are all run here or by CI', () => {
    const tried = ['startJob(', '/events?job_id=1', 'text/event-stream', 'jobs(first: 10)'];
    const rest = blocks('sh').filter((block) => !tried.some((part) => block.includes(part)));
    expect(rest.filter((block) => !block.startsWith(INSTALL) && block !== START)).toEqual([]);
    expect(blocks('js')).toHaveLength(2);
  });

  it('start a job', async () => {
    expect(JSON.parse(await paste('startJob('))).toMatchObject({ data: { startJob: { id: '1' } } });
  });

  it('follow it with curl to its end', async () => {
    const printed = await paste('/events?job_id=1');
    expect(printed.match(/^event: .*$/gm)).toEqual([
      ...Array<string>(5).fill('event: log.line'),
      'event: log.done',
    ]);
    expect(printed).toContain('line 5');
  });

  it('follow it over GraphQL', async () => {
    const printed = await paste('text/event-stream');
    for (const text of ['line 1', 'line 5', 'SUCCEEDED', 'event: complete']) expect(printed).toContain(text);
  });

  it('show the history and the raw bytes, and cancel', async () => {
    const printed = await paste('jobs(first: 10)');
    expect(printed).toContain('line 1\nline 2\nline 3\nline 4\nline 5\n');
    expect(printed).toContain('"jobs"');
    expect(printed).toContain('"cancelJob"');
  });

  it('work in a program with graphql-sse', async () => {
    const lines = ['1 line 1', '2 line 2', '3 line 3', '4 line 4', '5 line 5'];
    await expect(runModule('graphql-sse')).resolves.toEqual([...lines, 'SUCCEEDED']);
  });

  it('work in a program with the typed client', async () => {
    const printed = await runModule('lifelined/client');
    expect(printed[0]).toContain('UTC');
    expect(printed.slice(1)).toEqual(['SUCCEEDED 0']);
  });
});

describe('the README', () => {
  it('has a subscription that the schema knows', () => {
    const schema = buildSchema(readFileSync(join(ROOT, 'schema.graphql'), 'utf8'));
    const documents = blocks('graphql');
    expect(documents).toHaveLength(1);
    expect(validate(schema, parse(documents[0]!))).toEqual([]);
  });

  it('lists the options that the server has', async () => {
    const help = await run(process.execPath, ['dist/main.js', 'serve', '--help'], { cwd: ROOT });
    const offered = [...help.stdout.matchAll(/^ +(--[a-z-]+)/gm)].map(([, flag]) => flag);
    const listed = [...README.matchAll(/^\| `(--[a-z-]+)`/gm)].map(([, flag]) => flag);
    expect(listed.toSorted()).toEqual(offered.toSorted());
  });
});
