import { existsSync } from 'node:fs';
import { connect } from 'node:net';
import { expect } from 'vitest';
import { httpCall } from '../end-to-end/harness/http-call.ts';
import { LifelineServer, type ServerOptions } from '../end-to-end/harness/lifeline-server.ts';
import { untilTrue } from '../end-to-end/harness/until-true.ts';
import { loopbackAddresses } from '../http/loopback-addresses.ts';
import { parsed, written, type RawAnswer, type RawHeader, type RawRequest } from './raw-request.ts';
import { SOURCE_PLACE } from './source-place.ts';

/**
 * Owner of the real server under attack; `leave()` gives it back. Everything goes over raw sockets, byte for byte, and every answer is held
 * against what no answer may have in it: the token, the data directory, a place in the source.
 */
export class AttackedServer {
  readonly server: LifelineServer;
  #lastJobId = '';
  /** Each connection comes from an address of its own: one that sends wrong tokens is slowed down. */
  readonly #nextAddress = loopbackAddresses();

  private constructor(server: LifelineServer) {
    this.server = server;
  }

  static async start(options: ServerOptions = {}): Promise<AttackedServer> {
    const attacked = new AttackedServer(await LifelineServer.start(options));
    await attacked.allowJobs();
    return attacked;
  }

  get host(): string {
    return `127.0.0.1:${String(this.server.port)}`;
  }

  /** The file that the attacks try to make. */
  get witness(): string {
    return this.server.scratch.file('ran');
  }

  /** What every attack wants to happen: the body of a mutation that makes the witness. */
  get payload(): string {
    return JSON.stringify({ query: this.mutation });
  }

  get mutation(): string {
    return `mutation { ${this.startField} }`;
  }

  get startField(): string {
    return `startJob(input: { script: "touch ${this.witness}" }) { id }`;
  }

  get bearer(): RawHeader {
    return ['Authorization', `Bearer ${this.server.token}`];
  }

  /** The headers of a request that passes, in the order in which they go out; the last request of its connection. */
  headers(body: string = this.payload): RawHeader[] {
    return [
      ['Host', this.host],
      this.bearer,
      ['Content-Type', 'application/json'],
      ['Content-Length', String(Buffer.byteLength(body, 'latin1'))],
      ['Connection', 'close'],
    ];
  }

  /** The same with some headers replaced, left out (null), or added. */
  headersWith(changes: Readonly<Record<string, string | null>>, body: string = this.payload): RawHeader[] {
    const names = Object.keys(changes).map((name) => name.toLowerCase());
    return [
      ...this.headers(body).filter(([name]) => !names.includes(name.toLowerCase())),
      ...Object.entries(changes).flatMap(([name, value]): RawHeader[] =>
        value === null ? [] : [[name, value]],
      ),
    ];
  }

  /**
   * Sends bytes and reads what comes until the server closes the connection, or until `enough` says so; then leaves.
   * @throws Error where neither happens within 25 s
   */
  async send(
    bytes: string | Buffer,
    enough: (answer: RawAnswer) => boolean = () => false,
  ): Promise<RawAnswer> {
    const socket = connect({ host: '127.0.0.1', port: this.server.port, localAddress: this.#nextAddress() });
    let received = '';
    let closed = false;
    socket.on('data', (chunk: Buffer) => (received += chunk.toString('latin1')));
    // A server that refuses early resets a client that still sends; what it said before counts.
    socket.on('error', () => undefined);
    socket.on('close', () => (closed = true));
    try {
      socket.write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes);
      await untilTrue(() => closed || enough(parsed(received)), { limitMs: 25_000, what: 'an answer' });
    } finally {
      socket.destroy();
    }
    this.expectNothingTold(received);
    return parsed(received);
  }

  async sendRequest(
    request: RawRequest,
    enough: (answer: RawAnswer) => boolean = () => false,
  ): Promise<RawAnswer> {
    return this.send(written(request), enough);
  }

  /** A JSON body to /graphql with everything in order. */
  async post(body: string, changes: Readonly<Record<string, string | null>> = {}): Promise<RawAnswer> {
    const bytes = Buffer.from(body).toString('latin1');
    return this.sendRequest({ headers: this.headersWith(changes, bytes), body: bytes });
  }

  /** A GET of a target with the token. */
  async get(target: string, changes: Readonly<Record<string, string | null>> = {}): Promise<RawAnswer> {
    const none = { 'Content-Type': null, 'Content-Length': null };
    return this.sendRequest({
      method: 'GET',
      target,
      headers: this.headersWith({ ...none, ...changes }, ''),
    });
  }

  /** Fails where an answer has something in it that helps an attacker. */
  expectNothingTold(received: string): void {
    expect(received).not.toContain(this.server.token);
    expect(received).not.toContain(this.server.dataDirectory);
    expect(received).not.toMatch(SOURCE_PLACE);
  }

  /** The jobs that there are by now are meant to be there: those of the test itself. */
  async allowJobs(): Promise<void> {
    this.#lastJobId = await this.#newestJob();
  }

  /** For the end of every attack: nothing ran, no job or reader is left, nothing failed in the server, and it answers. */
  async expectUnharmed(): Promise<void> {
    expect(await httpCall(this.server.port, { path: '/healthz' })).toMatchObject({ status: 200, text: 'ok' });
    await untilTrue(async () => Object.values(await this.server.counters()).every((count) => count === 0), {
      what: 'a server with nothing going on',
    });
    expect(await this.#newestJob(), 'the newest job').toBe(this.#lastJobId);
    expect(existsSync(this.witness), 'the witness').toBe(false);
    expect(this.server.stderr).not.toMatch(/"level":[56]0/);
    expect(this.server.stderr).not.toContain(this.server.token);
  }

  /** For the end of all attacks of a file: also no descriptor and no process is left, which takes longer to find out. */
  async leave(): Promise<void> {
    await using _ = this.server;
    await this.server.assertNothingIsLeft();
  }

  async #newestJob(): Promise<string> {
    const { jobs } = await this.server.ask<{ jobs: { edges: { node: { id: string } }[] } }>(
      '{ jobs(first: 1) { edges { node { id } } } }',
    );
    return jobs.edges[0]?.node.id ?? 'none';
  }
}
