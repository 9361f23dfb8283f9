import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startScript, untilOver } from '../end-to-end/harness/jobs.ts';
import type { LifelineServer } from '../end-to-end/harness/lifeline-server.ts';
import { sequenceOf } from '../end-to-end/harness/sequence-of.ts';
import { startBehind } from './behind-proxy.ts';
import { HostileProxy, PASS } from './hostile-proxy.ts';
import { interrupt } from './interrupt.ts';
import { ProgramRun } from './program-run.ts';
import { RecipeProject } from './recipe-project.ts';

/** Counts on standard output, complains once on standard error, and ends with 3. */
const COUNT = 'for i in $(seq 1 300); do echo "line $i"; sleep 0.01; done; echo oops >&2; exit 3';
const COUNTED = Array.from({ length: 300 }, (_, index) => `line ${index + 1}`);

let project: RecipeProject;
let proxy: HostileProxy;
let server: LifelineServer;
beforeAll(async () => {
  project = new RecipeProject();
  proxy = await HostileProxy.listen();
  server = await startBehind([proxy]);
});
beforeEach(() => {
  proxy.behaviour = () => PASS;
  proxy.requests.length = 0;
});
afterEach(async () => {
  await server.assertNothingIsLeft({ keptStreams: true });
});
afterAll(async () => {
  await server.assertNothingIsLeft();
  await server[Symbol.asyncDispose]();
  await proxy[Symbol.asyncDispose]();
  project[Symbol.dispose]();
});

/** Breaks the next so many connections, each after other bytes than the one before. */
function cutNext(times: number, afterBytes: (connection: number) => number): void {
  const last = proxy.cuts + times;
  proxy.behaviour = (connection) =>
    proxy.cuts < last ? { kind: 'cut', afterBytes: afterBytes(connection) } : PASS;
}

/** Runs a program of docs/clients.md behind the proxy. The caller owns it. */
function run(...command: [string, ...string[]]): ProgramRun {
  return new ProgramRun(command, { directory: project.directory, url: proxy.url, token: server.token });
}

/** Runs TypeScript of docs/clients.md. */
function runTypeScript(name: string): ProgramRun {
  return run(process.execPath, '--import', 'tsx', name);
}

async function interruptProgram(program: ProgramRun): Promise<void> {
  await interrupt(proxy, server, () => program.lines.length).catch((cause: unknown) => {
    throw new Error(`It said: ${program.stderr}`, { cause });
  });
}

describe('environment.sh', () => {
  it('says where the server is', () => {
    const example = readFileSync(project.file('environment.sh'), 'utf8').replace(
      '.lifeline/token',
      `${server.dataDirectory}/token`,
    );
    const { stdout } = spawnSync('sh', ['-c', `${example}\necho "$LIFELINE_URL $LIFELINE_TOKEN"`], {
      encoding: 'utf8',
    });
    expect(stdout).toBe(`http://127.0.0.1:4000 ${server.token}\n`);
  });
});

describe('curl', () => {
  it('prints the events of a job from the first one to the last one', async () => {
    const jobId = await startScript(server, 'seq 1 3; exit 3');
    using curl = run('sh', 'follow.sh', jobId);
    expect(await curl.untilEnded()).toBe(0);
    expect(curl.stdout.match(/^id: .*$/gm)).toEqual(['id: 1', 'id: 2', 'id: 3', 'id: 3/done']);
    expect(JSON.parse(curl.stdout.trimEnd().split('data: ').at(-1)!)).toMatchObject({
      status: 'FAILED',
      exit_code: 3,
    });
  });

  it.each(['sh', 'bash'])(
    'in a loop of %s keeps each line once, over cuts in the middle of events',
    { timeout: 60_000 },
    async (shell) => {
      // Everywhere in an event: an event is some 130 bytes long.
      cutNext(6, (connection) => 600 + 17 * connection);
      const jobId = await startScript(server, 'seq 1 100; exit 3');
      await untilOver(server, jobId);
      const cutsBefore = proxy.cuts;
      using loop = run(shell, 'keep.sh', jobId, `${shell}.log`);
      expect(await loop.untilEnded()).toBe(0);
      expect(proxy.cuts).toBe(cutsBefore + 6);
      const kept = readFileSync(project.file(`${shell}.log`), 'utf8')
        .trimEnd()
        .split('\n');
      expect(kept.at(-1)).toMatch(/^100\/done\t/);
      expect(sequenceOf(kept.slice(0, -1).map((line) => ({ seq: Number(line.split('\t')[0]) })))).toBe(
        '1..100 once',
      );
      expect(
        kept.slice(0, -1).map((line) => (JSON.parse(line.split('\t')[1]!) as { line: string }).line),
      ).toEqual(Array.from({ length: 100 }, (_, index) => String(index + 1)));
    },
  );
});

const hasPython = spawnSync('python3', ['--version']).status === 0;
if (!hasPython)
  console.warn('SKIPPED: there is no python3 here, so the Python program of docs/clients.md did not run.');

describe.skipIf(!hasPython)('Python, without any library', () => {
  it(
    'runs a job over cuts and restarts: its lines, its streams, its exit code',
    { timeout: 120_000 },
    async () => {
      using python = run('python3', 'lifeline_run.py', 'sh', '-c', COUNT);
      await interruptProgram(python);
      expect(await python.untilEnded()).toBe(3);
      expect(python.lines).toEqual(COUNTED);
      expect(python.stderr).toBe('oops\n');
    },
  );

  it('says what the server refuses', async () => {
    using python = run('python3', 'lifeline_run.py', 'no-such-program');
    expect(await python.untilEnded()).toBe(1);
    expect(python.stderr).toContain('no-such-program');
  });
});

describe('Lifeline’s own client', () => {
  it(
    'runs a job over cuts and restarts: its lines, its streams, its exit code',
    { timeout: 120_000 },
    async () => {
      using program = run(process.execPath, 'run.mjs', 'sh', '-c', COUNT);
      await interruptProgram(program);
      expect(await program.untilEnded()).toBe(3);
      expect(program.lines).toEqual(COUNTED);
      expect(program.stderr).toBe('oops\n');
    },
  );
});

describe('graphql-sse', () => {
  it(
    'in distinct connections mode gives each line once, over cuts and restarts',
    { timeout: 120_000 },
    async () => {
      using program = runTypeScript('follow-one.ts');
      await interruptProgram(program);
      expect(await program.untilEnded()).toBe(0);
      expect(program.stderr).toBe('');
      const lines = Array.from({ length: 200 }, (_, index) => `${index + 1} line ${index + 1}`);
      expect(program.lines).toEqual([...lines, 'FAILED', 'complete']);
    },
  );

  function expectSeven(lines: readonly string[]): void {
    for (let number = 1; number <= 7; number += 1) {
      const own = lines.flatMap((line) => (line.startsWith(`${number}: `) ? [line.slice(3)] : []));
      expect(own).toEqual([
        ...Array.from({ length: 100 }, (_, index) => String(index + 1)),
        `exit ${number}`,
      ]);
    }
  }

  it('in single connection mode gives seven jobs over one connection', { timeout: 120_000 }, async () => {
    using program = runTypeScript('follow-seven.ts');
    expect(await program.untilEnded()).toBe(0);
    expect(program.stderr).toBe('');
    expectSeven(program.lines);
    const streams = proxy.requests.filter(({ line }) => line.startsWith('GET /graphql/stream'));
    expect(streams).toHaveLength(1);
    expect(proxy.requests.filter(({ line }) => line === 'POST /graphql/stream')).toHaveLength(7);
  });

  it(
    'in single connection mode gives each line once, over cuts and restarts',
    { timeout: 120_000 },
    async () => {
      using program = runTypeScript('follow-seven.ts');
      await interruptProgram(program);
      expect(await program.untilEnded()).toBe(0);
      expect(program.stderr).toBe('');
      expectSeven(program.lines);
    },
  );
});
