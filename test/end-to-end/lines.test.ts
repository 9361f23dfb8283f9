import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { writeFileSync } from 'node:fs';
import {
  doneOf,
  downloadLog,
  followJob,
  linesOf,
  logEvents,
  nodeProgram,
  readWholeLog,
  startJob,
  startScript,
  type LineView,
} from './harness/jobs.ts';
import { LifelineServer } from './harness/lifeline-server.ts';
import { sequenceOf } from './harness/sequence-of.ts';
import { untilTrue } from './harness/until-true.ts';

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

const PIECE = 65_536;

/** Runs a program that writes these bytes to standard output, one system call each, and reads its log. */
async function logOf(...writes: (string | Buffer)[]) {
  const hex = writes.map((bytes) => Buffer.from(bytes as string).toString('hex'));
  const jobId = await startJob(server, { command: nodeProgram('write-bytes.mjs', 1, ...hex) });
  const log = await readWholeLog(server, jobId);
  expect(log.job.status).toBe('SUCCEEDED');
  expect(sequenceOf(log.lines)).toBe(sequenceOf(log.lines.map((_, index) => ({ seq: index + 1 }))));
  expect(await downloadLog(server, jobId, 'stdout')).toEqual(
    Buffer.concat(writes.map((bytes) => Buffer.from(bytes as string))),
  );
  return { ...log, texts: log.lines.map(({ text }) => text) };
}

/** The text of the log as one, continued pieces joined. */
function joined(lines: readonly LineView[]): string {
  return lines.map(({ text, continued }) => (continued ? text : `${text}\n`)).join('');
}

describe('a line', () => {
  it('without a newline at the end is delivered before the end, which says so', async () => {
    const { texts, lines, endedWithoutNewline } = await logOf('one\n', 'abcd');
    expect(texts).toEqual(['one', 'abcd']);
    expect(lines.at(-1)?.continued).toBe(false);
    expect(endedWithoutNewline).toEqual(['STDOUT']);
  });

  it('that ends with CRLF loses both, a lone CR is kept, and blank lines count', async () => {
    const { texts, endedWithoutNewline } = await logOf(
      'dos\r\n',
      '10%\r20%\r100%\n',
      '\n',
      '\r\n',
      '\r\r\n',
      'x\r',
      '\ny\n',
    );
    expect(texts).toEqual(['dos', '10%\r20%\r100%', '', '', '\r', 'x', 'y']);
    expect(endedWithoutNewline).toEqual([]);
  });

  it('with invalid UTF-8 is shown with U+FFFD, and its bytes come back exactly', async () => {
    const { texts } = await logOf(
      Buffer.from([0x61, 0xff, 0x62, 0x0a]),
      Buffer.from([0xc3, 0x0a, 0xa9, 0x0a]),
      'fine\n',
    );
    expect(texts).toEqual(['a\uFFFDb', '\uFFFD', '\uFFFD', 'fine']);
  });

  it('with NUL bytes and control characters keeps them', async () => {
    const { texts } = await logOf('a\0b\0\n', '\0\n', '\u001b[31mred\u001b[0m\u0007\n');
    expect(texts).toEqual(['a\0b\0', '\0', '\u001b[31mred\u001b[0m\u0007']);
  });

  it('with a byte order mark keeps it', async () => {
    expect((await logOf('\uFEFFfirst\n')).texts).toEqual(['\uFEFFfirst']);
  });

  it('whose code point is cut between two writes is whole', async () => {
    const [head, tail] = [Buffer.from('für 😀'), Buffer.from(' ok\n')];
    for (const cut of [2, head.length - 3, head.length - 2, head.length - 1]) {
      const { texts } = await logOf(head.subarray(0, cut), head.subarray(cut), tail);
      expect(texts).toEqual(['für 😀 ok']);
    }
  });

  it('of 10 MB comes in pieces of 64 KiB that say that they go on, and every byte is there', async () => {
    const long = 'é0123456789abcd'.repeat(655_360);
    const jobId = await startJob(server, {
      command: [
        process.execPath,
        '-e',
        `process.stdout.write('é0123456789abcd'.repeat(655360) + '\\nafter\\n')`,
      ],
    });
    const { lines, endedWithoutNewline } = await readWholeLog(server, jobId);
    expect(sequenceOf(lines)).toBe(`1..${String(lines.length)} once`);
    expect(joined(lines) === `${long}\nafter\n`).toBe(true);
    expect(Math.max(...lines.map(({ text }) => Buffer.byteLength(text)))).toBeLessThanOrEqual(PIECE);
    expect(lines.slice(0, -2).every(({ continued }) => continued)).toBe(true);
    expect(lines.slice(-2).map(({ continued }) => continued)).toEqual([false, false]);
    expect(endedWithoutNewline).toEqual([]);
    expect((await downloadLog(server, jobId, 'stdout')).equals(Buffer.from(`${long}\nafter\n`))).toBe(true);
  });

  it.each([PIECE - 1, PIECE, PIECE + 1])(
    'of %i bytes is cut only when it is longer than 64 KiB',
    async (length) => {
      const { stdoutLines } = await countLines(
        `head -c ${String(length)} /dev/zero | tr '\\0' x; echo; echo next`,
      );
      expect(stdoutLines.map(({ text, continued }) => [text.length, continued])).toEqual(
        length > PIECE
          ? [
              [PIECE, true],
              [length - PIECE, false],
              [4, false],
            ]
          : [
              [length, false],
              [4, false],
            ],
      );
    },
  );

  it('that stays without newline, as a prompt does, is delivered while its program waits', async () => {
    const answer = server.scratch.file('answer');
    const jobId = await startJob(server, {
      command: nodeProgram(
        'write-bytes.mjs',
        1,
        Buffer.from('Continue? ').toString('hex'),
        `@${answer}`,
        Buffer.from('yes\nbye\n').toString('hex'),
      ),
    });
    using stream = await followJob(server, jobId);
    const [prompt] = await untilTrue(() => {
      const lines = linesOf(logEvents(stream));
      return lines.length > 0 ? lines : false;
    });
    expect(prompt).toMatchObject({ seq: 1, text: 'Continue? ', continued: true });
    writeFileSync(answer, '');
    await stream.untilEnded();
    expect(linesOf(logEvents(stream)).map(({ text, continued }) => [text, continued])).toEqual([
      ['Continue? ', true],
      ['yes', false],
      ['bye', false],
    ]);
    expect((await downloadLog(server, jobId, 'stdout')).toString()).toBe('Continue? yes\nbye\n');
  });

  it('of each stream stands in the order in which its program wrote it', async () => {
    const jobId = await startScript(
      server,
      'i=0; while [ $i -lt 500 ]; do i=$((i+1)); echo "out $i"; echo "err $i" >&2; done',
    );
    const { lines } = await readWholeLog(server, jobId);
    expect(sequenceOf(lines)).toBe('1..1000 once');
    const numbers = Array.from({ length: 500 }, (_, index) => index + 1);
    const texts = (stream: string) => lines.flatMap((line) => (line.stream === stream ? [line.text] : []));
    expect(texts('STDOUT')).toEqual(numbers.map((number) => `out ${String(number)}`));
    expect(texts('STDERR')).toEqual(numbers.map((number) => `err ${String(number)}`));
  });

  it('is never delivered after the end, also not one of a descendant that outlives the program', async () => {
    for (const onEnd of ['KILL_TREE', 'WAIT']) {
      const word = server.scratch.file(onEnd);
      const late = `trap "" HUP; until [ -e ${word} ]; do sleep 0.02; done; echo late`;
      const jobId = await startJob(server, { script: `sh -c '${late}' & echo early`, onEnd });
      using stream = await followJob(server, jobId);
      await untilTrue(() => linesOf(logEvents(stream)).length > 0);
      if (onEnd === 'WAIT') writeFileSync(word, '');
      await stream.untilEnded();
      expect(doneOf(logEvents(stream)).job.status).toBe('SUCCEEDED');
      const lines = linesOf(logEvents(stream));
      expect(lines.map(({ text }) => text)).toEqual(onEnd === 'WAIT' ? ['early', 'late'] : ['early']);
      writeFileSync(word, '');
      expect((await readWholeLog(server, jobId)).lines).toEqual(lines);
    }
  });

  it('of many bytes make short pages, which lead from either end to all of them', async () => {
    const total = 70;
    const script = `for i in $(seq 1 ${String(total)}); do head -c 60000 /dev/zero | tr '\\0' x; echo " $i"; done`;
    const jobId = await startScript(server, script);
    await readWholeLog(server, jobId);
    const pages = { first: [] as number[][], last: [] as number[][] };
    for (let after = 0, more = true; more;) {
      const { nodes, pageInfo } = await pageOfLines(jobId, `first: 1000, after: ${String(after)}`);
      pages.first.push(nodes.map(({ seq }) => seq));
      after = pageInfo.endSeq!;
      more = pageInfo.hasNextPage;
    }
    for (let before = total + 1, more = true; more;) {
      const { nodes, pageInfo } = await pageOfLines(jobId, `last: 1000, before: ${String(before)}`);
      pages.last.unshift(nodes.map(({ seq }) => seq));
      before = pageInfo.startSeq!;
      more = pageInfo.hasPreviousPage;
    }
    for (const seqs of [pages.first, pages.last]) {
      expect(sequenceOf(seqs.flat().map((seq) => ({ seq })))).toBe(`1..${String(total)} once`);
      expect(seqs.map(({ length }) => length).every((length) => length <= 17)).toBe(true);
    }
  });

  it('written last of all by a program that ends at once is always there', async () => {
    for (let round = 0; round < 25; round += 1) {
      const jobId = await startScript(
        server,
        `seq 1 ${String(round * 40)}; printf 'the last %s' ${String(round)}`,
      );
      const { lines } = await readWholeLog(server, jobId);
      expect(sequenceOf(lines)).toBe(`1..${String(round * 40 + 1)} once`);
      expect(lines.at(-1)?.text).toBe(`the last ${String(round)}`);
    }
  });
});

async function countLines(script: string) {
  const { lines } = await readWholeLog(server, await startScript(server, script));
  return { stdoutLines: lines.filter(({ stream }) => stream === 'STDOUT') };
}

interface PageOfLines {
  readonly nodes: readonly { readonly seq: number }[];
  readonly pageInfo: {
    readonly startSeq: number | null;
    readonly endSeq: number | null;
    readonly hasNextPage: boolean;
    readonly hasPreviousPage: boolean;
  };
}

async function pageOfLines(jobId: string, asked: string): Promise<PageOfLines> {
  const { job } = await server.ask<{ job: { log: { lines: PageOfLines } } }>(
    `query ($id: ID!) { job(id: $id) { log { lines(${asked}) {
      nodes { seq text } pageInfo { startSeq endSeq hasNextPage hasPreviousPage } } } } }`,
    { id: jobId },
  );
  return job.log.lines;
}
