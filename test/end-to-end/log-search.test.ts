import { randomBytes } from 'node:crypto';
import { request } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startJob, startScript, untilOver } from './harness/jobs.ts';
import { LifelineServer } from './harness/lifeline-server.ts';
import { untilTrue } from './harness/until-true.ts';

let server: LifelineServer;
beforeEach(async () => {
  server = await LifelineServer.start();
});
afterEach(async () => {
  try {
    await server.assertNothingIsLeft();
  } finally {
    await server[Symbol.asyncDispose]();
  }
});

interface Part {
  readonly hits: readonly { readonly line: { readonly text: string } }[];
  readonly hitCount: number;
  readonly scannedFromSeq: number;
  readonly scannedToSeq: number;
  readonly isComplete: boolean;
}

const queryOf = (jobId: string, args: string): string =>
  `{ job(id: ${jobId}) { log { search(${args}) { hits { line { text } ranges { start end } } hitCount scannedFromSeq scannedToSeq isComplete } } } }`;

async function search(jobId: string, args: string): Promise<Part> {
  const { job } = await server.ask<{ job: { log: { search: Part } } }>(queryOf(jobId, args));
  return job.log.search;
}

/** The texts of the hits, asked part by part: how much one looks at depends on the machine. */
async function textsOf(jobId: string, args: string, end: 'first' | 'last', count: number): Promise<string[]> {
  const texts: string[] = [];
  for (let bound = ''; ;) {
    const part = await search(jobId, `${args}, ${end}: ${String(count - texts.length)}${bound}`);
    const found = part.hits.map(({ line }) => line.text);
    if (end === 'first') texts.push(...found);
    else texts.unshift(...found);
    if (part.isComplete || texts.length === count) return texts;
    const { scannedFromSeq, scannedToSeq } = part;
    bound = end === 'first' ? `, after: ${String(scannedToSeq)}` : `, before: ${String(scannedFromSeq)}`;
  }
}

describe('a search in the log of a job', () => {
  it('finds and counts from either end, in pages, and says what is wrong with a pattern', async () => {
    const jobId = await startScript(server, 'seq 1 100000; echo Oops >&2');
    await untilOver(server, jobId);
    expect(await textsOf(jobId, 'pattern: "99999"', 'first', 5)).toEqual(['99999']);
    expect(await textsOf(jobId, 'pattern: "^9+$", kind: REGEX', 'last', 2)).toEqual(['9999', '99999']);
    expect(await textsOf(jobId, 'pattern: "oops", streams: [STDERR]', 'first', 5)).toEqual(['Oops']);
    expect(await textsOf(jobId, 'pattern: "oops", ignoreCase: false', 'first', 5)).toEqual([]);
    // As it is written, and where.
    expect(
      await search(jobId, 'pattern: "OOPS", ignoreCase: true, streams: [STDERR], last: 1'),
    ).toMatchObject({
      hits: [{ line: { text: 'Oops' }, ranges: [{ start: 0, end: 4 }] }],
    });
    let count = 0;
    for (let after = 0, isComplete = false; !isComplete;) {
      const part = await search(jobId, `pattern: "7", first: 0, after: ${String(after)}`);
      count += part.hitCount;
      after = part.scannedToSeq;
      isComplete = part.isComplete;
    }
    expect(count).toBe(100_000 - 9 ** 5);
    await expect(search(jobId, 'pattern: "(", kind: REGEX')).rejects.toThrow(/RE2 syntax/);
    await expect(search(jobId, 'pattern: ""')).rejects.toThrow(/something to look for/);
    await expect(search(jobId, 'pattern: "a", first: 201')).rejects.toThrow(/200 at most/);
  });

  it('does not find a secret', async () => {
    const canary = `canary${randomBytes(8).toString('hex')}`;
    const jobId = await startJob(server, {
      command: [process.execPath, '-e', 'console.log("got", process.env.TOKEN)'],
      env: [{ name: 'TOKEN', value: canary, secret: true }],
    });
    await untilOver(server, jobId);
    for (const args of [
      `pattern: "${canary}"`,
      `pattern: "${canary.slice(0, 8)}"`,
      'pattern: "canary[0-9a-f]", kind: REGEX',
    ])
      expect(await search(jobId, args), args).toMatchObject({ hitCount: 0, isComplete: true });
    expect((await search(jobId, 'pattern: "got [*]{22}$", kind: REGEX')).hitCount).toBe(1);
  });

  it('keeps the event loop free, lets a client that leaves go, and goes on with the next one', async () => {
    // 20 MB of what costs this pattern most.
    const program = 'process.stdout.write(("a".repeat(999) + "\\n").repeat(20000))';
    const jobId = await startJob(server, { command: [process.execPath, '-e', program] });
    await untilOver(server, jobId);
    const args = 'pattern: "(a+)+(a|b)*(aa|ab)+[^a]$", kind: REGEX, first: 0';
    const leaving = Array.from({ length: 8 }, () => leave(queryOf(jobId, args)));
    const tookMs: number[] = [];
    const answers = Promise.all([search(jobId, args), search(jobId, args)]);
    let isAnswered = false;
    void answers.finally(() => (isAnswered = true));
    await untilTrue(async () => {
      const beganAtMs = performance.now();
      await server.ask('{ server { version } }');
      tookMs.push(performance.now() - beganAtMs);
      return isAnswered;
    });
    for (const part of await answers) {
      expect(part).toMatchObject({ hitCount: 0, scannedFromSeq: 1 });
      expect(part.scannedToSeq).toBeGreaterThan(0);
    }
    await Promise.all(leaving);
    // A part takes a quarter of a second: in the event loop each of them would wait for one.
    expect(tookMs.toSorted((one, other) => one - other)[Math.floor(tookMs.length / 2)]).toBeLessThan(125);
  });
});

/** Asks, and hangs up. */
async function leave(query: string): Promise<void> {
  return new Promise((resolve) => {
    const asked = request(new URL('/graphql', server.url), {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${server.token}` },
    });
    asked.on('error', () => undefined).on('close', resolve);
    asked.end(JSON.stringify({ query }), () => setTimeout(() => asked.destroy(), 20));
  });
}
