import { readdirSync, readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ScratchDirectory } from '../end-to-end/harness/scratch-directory.ts';
import { LifelineCommand, type CommandResult } from './lifeline-command.ts';

type Answer = (body: string, req: IncomingMessage, res: ServerResponse) => void;

/** A server that answers as the test says; what it is asked for is kept. */
class StubServer implements Disposable {
  readonly requests: {
    readonly path: string;
    readonly authorization: string | undefined;
    readonly body: string;
  }[] = [];
  readonly #server = createServer((req, res) => {
    void text(req).then((body) => {
      this.requests.push({ path: req.url ?? '', authorization: req.headers.authorization, body });
      this.#answer(body, req, res);
    });
  });
  readonly #answer: Answer;

  constructor(answer: Answer) {
    this.#answer = answer;
  }

  listen(): Promise<string> {
    return new Promise((resolve) => {
      this.#server.listen(0, '127.0.0.1', () => {
        resolve(`http://127.0.0.1:${String((this.#server.address() as AddressInfo).port)}/base`);
      });
    });
  }

  [Symbol.dispose](): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }
}

function sendJson(res: ServerResponse, status: number, body: unknown): void {
  res.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

describe('a command and its requests', () => {
  let scratch: ScratchDirectory;
  const token = 'a-token-of-more-than-sixteen-characters';

  beforeEach(() => {
    scratch = new ScratchDirectory();
  });
  afterEach(() => {
    scratch[Symbol.dispose]();
  });

  async function lifeline(
    url: string,
    args: readonly string[],
    env: Record<string, string> = {},
  ): Promise<CommandResult> {
    const variables = { HOME: scratch.path, LIFELINE_URL: url, LIFELINE_TOKEN: token, ...env };
    using command = new LifelineCommand(args, { cwd: scratch.path, env: variables });
    return await command.end();
  }

  it('open prints the one-time URL that the server gives', async () => {
    using server = new StubServer((_body, _req, res) =>
      sendJson(res, 200, { url: '/login/ticket?ticket=abc' }),
    );
    const url = await server.listen();
    const origin = new URL(url).origin;
    expect(await lifeline(url, ['open'])).toEqual({
      code: 0,
      stdout: `${origin}/login/ticket?ticket=abc\n`,
      stderr: '',
    });
    expect(server.requests).toEqual([
      { path: '/base/login/ticket', authorization: `Bearer ${token}`, body: '{}' },
    ]);
    const json = await lifeline(url, ['open', '--json']);
    expect(JSON.parse(json.stdout)).toEqual({ url: `${origin}/login/ticket?ticket=abc` });
  });

  it('open says so where there is no ticket', async () => {
    using old = new StubServer((_body, _req, res) => res.writeHead(404).end('not here'));
    expect(await lifeline(await old.listen(), ['open'])).toMatchObject({ code: 125, stdout: '' });
    using strict = new StubServer((_body, _req, res) =>
      sendJson(res, 401, { error: { code: 'UNAUTHENTICATED', message: 'This needs a token.' } }),
    );
    const refused = await lifeline(await strict.listen(), ['open']);
    expect(refused.stderr).toBe('lifeline: This needs a token. Put it into LIFELINE_TOKEN.\n');
  });

  it('run asks again, with the same request id, where the answer was lost', async () => {
    let count = 0;
    using server = new StubServer((_body, req, res) => {
      count += 1;
      if (count === 1) req.socket.destroy();
      else if (count === 2) res.writeHead(503).end('a proxy speaks');
      else sendJson(res, 200, { data: { startJob: { id: '5', status: 'QUEUED' } } });
    });
    const result = await lifeline(await server.listen(), ['run', '--detach', '--', 'true']);
    expect(result).toEqual({ code: 0, stdout: '5\n', stderr: '' });
    const ids = server.requests.map(
      ({ body }) =>
        (JSON.parse(body) as { variables: { input: { requestId: string } } }).variables.input.requestId,
    );
    expect(ids).toHaveLength(3);
    expect(new Set(ids).size).toBe(1);
    expect(ids[0]).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('does not ask again where it was refused, or where nobody is', async () => {
    using server = new StubServer((_body, _req, res) =>
      sendJson(res, 200, { errors: [{ message: 'No.', extensions: { code: 'FORBIDDEN' } }] }),
    );
    const refused = await lifeline(await server.listen(), ['run', '--detach', '--', 'true']);
    expect(refused).toEqual({ code: 125, stdout: '', stderr: 'lifeline: No.\n' });
    expect(server.requests).toHaveLength(1);
    using gone = new StubServer(() => undefined);
    const url = await gone.listen();
    gone[Symbol.dispose]();
    const nobody = await lifeline(url, ['run', '--', 'true']);
    expect(nobody.stderr).toBe('lifeline: The server does not answer (ECONNREFUSED). Does it run?\n');
  });

  it.each([['ps'], ['show', '1'], ['cancel', '1'], ['logs', '1'], ['open']])(
    'does not wait for ever where the server is there and gives no answer: %s',
    async (...args) => {
      using silent = new StubServer(() => undefined);
      const url = await silent.listen();
      expect(await lifeline(url, [...args, '--request-timeout', '200ms'])).toEqual({
        code: 125,
        stdout: '',
        stderr: 'lifeline: The server gave no answer within 200ms. It may be stopped or overloaded.\n',
      });
      const json = await lifeline(url, [...args, '--request-timeout', '200ms', '--json']);
      expect(JSON.parse(json.stderr)).toMatchObject({ error: { code: 'UNREACHABLE' } });
      expect(silent.requests).toHaveLength(2);
    },
  );

  it('run asks a server that gave no answer in time again, with the same request id', async () => {
    using server = new StubServer((_body, _req, res) => {
      if (server.requests.length > 1)
        sendJson(res, 200, { data: { startJob: { id: '5', status: 'QUEUED' } } });
    });
    const args = ['run', '--detach', '--request-timeout', '200ms', '--', 'true'];
    expect(await lifeline(await server.listen(), args)).toEqual({ code: 0, stdout: '5\n', stderr: '' });
    expect(server.requests[1]?.body).toBe(server.requests[0]?.body);
  });

  it('sends no directory of this machine to a server that may be on another', async () => {
    using server = new StubServer((_body, _req, res) =>
      sendJson(res, 200, { data: { startJob: { id: '5', status: 'QUEUED' } } }),
    );
    await lifeline(await server.listen(), ['run', '--detach', '--', 'true']);
    expect(server.requests[0]?.body).not.toContain(scratch.path);
  });

  it('shows what a server says without obeying it', async () => {
    using server = new StubServer((_body, _req, res) =>
      sendJson(res, 200, {
        errors: [{ message: '\x1b]0;owned\x07', extensions: { code: 'INVALID_INPUT' } }],
      }),
    );
    expect((await lifeline(await server.listen(), ['ps'])).stderr).toBe('lifeline: ␛]0;owned␇\n');
  });

  it.each([
    ['ps', [], /^ID /],
    ['logs', ['1'], /^hi\n$/],
  ])('loads neither the server, nor a GraphQL engine, nor fetch: %s', async (command, args, printed) => {
    using server = new StubServer((body, _req, res) => {
      const page = { nodes: [{ seq: 1 }], pageInfo: { hasPreviousPage: false } };
      const at = '2026-01-31T12:00:00.000Z';
      const line = { seq: 1, stream: 'STDOUT', text: 'hi', at, atApproximate: false, continued: false };
      const event = { __typename: 'LogLines', jobId: '1', lastSeq: 1, lines: [line] };
      if (body.includes('subscription')) {
        res.writeHead(200, { 'content-type': 'text/event-stream' });
        res.write(`event: next\ndata: ${JSON.stringify({ data: { jobLogs: event } })}\n\n`);
      } else {
        const jobs = { edges: [], pageInfo: { hasNextPage: false, endCursor: null } };
        sendJson(res, 200, { data: { jobs, job: { log: { lastSeq: 1, lines: page } } } });
      }
    });
    const coverage = scratch.file('coverage');
    const variables = { NODE_V8_COVERAGE: coverage };
    const { code, stdout } = await lifeline(await server.listen(), [command, ...args], variables);
    expect(code).toBe(0);
    expect(stdout).toMatch(printed);
    const [report] = readdirSync(coverage).map((name) => readFileSync(`${coverage}/${name}`, 'utf8'));
    const { result } = JSON.parse(report!) as { result: { url: string }[] };
    const loaded = result.flatMap(({ url }) => (url.startsWith('file:') ? sourcesOf(url) : [url]));
    expect(loaded.some((source) => source.endsWith(`/cli/commands/${command}.ts`))).toBe(true);
    expect(loaded.some((source) => source.includes('/node_modules/commander/'))).toBe(true);
    expect(loaded).toContain('node:http');
    const heavy =
      /\/node_modules\/(?!commander\/)|\/domain\/(?!byte-size|duration|job-signal|log-limit|secret-key|service-name)|\/(logs|supervisor|graphql|http)\/|\/serve\.ts$|undici/;
    // From Node 22 on, whoever imports node:http has fetch loaded with it.
    const isOfNode = (source: string): boolean => nodeMajor >= 22 && source.startsWith('node:');
    expect(loaded.filter((source) => heavy.test(source) && !isOfNode(source))).toEqual([]);
  });
});

const nodeMajor = Number(process.versions.node.split('.')[0]);

/** What a file of the bundle was made of. */
function sourcesOf(url: string): readonly string[] {
  const { sources } = JSON.parse(readFileSync(new URL(`${url}.map`), 'utf8')) as { sources: string[] };
  return sources.map((source) => new URL(source, url).pathname);
}
