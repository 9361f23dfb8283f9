import { writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LifelineServer } from '../end-to-end/harness/lifeline-server.ts';
import { lifeline } from './lifeline-command.ts';

const RED = '\x1b[31m';
const RESET = '\x1b[0m';
/** A title, a link, the clipboard, cursor movements, 8-bit and bidirectional controls, a broken sequence at the end. */
const ATTACK = [
  `${RED}red${RESET}`,
  '\x1b]0;owned\x07',
  '\x1b]8;;http://example.org\x1b\\click\x1b]8;;\x1b\\',
  '\x1b]52;c;b3duZWQ=\x07',
  '\x1b[2J\x1b[1;1H\x1b[1A\x1b[?1049h',
  '\u009b2J\u009d0;x\u009c \u202egnp.exe',
  'safe\rover',
  '\x1bP$q"p\x1b\\\x1b[',
];
const SHOWN = [
  'red',
  '␛]0;owned␇',
  '␛]8;;http://example.org␛\\click␛]8;;␛\\',
  '␛]52;c;b3duZWQ=␇',
  '␛[2J␛[1;1H␛[1A␛[?1049h',
  '<U+009B>2J<U+009D>0;x<U+009C> <U+202E>gnp.exe',
  'safe',
  'over',
  '␛P$q"p␛\\␛[',
];

describe('a job that attacks the terminal', () => {
  let server: LifelineServer;
  let id: string;

  beforeAll(async () => {
    server = await LifelineServer.start();
    writeFileSync(server.scratch.file('attack'), `${ATTACK.join('\n')}\n`);
    // Its name attacks, too: ps and show print it.
    const args = [
      'run',
      '--detach',
      '--label',
      '\x1b]0;label\x07',
      '--',
      'sh',
      '-c',
      'cat attack',
      '\x1b[2J\nname',
    ];
    id = (await lifeline(server, args)).stdout.trim();
    await lifeline(server, ['logs', '-f', id]);
  });
  afterAll(async () => {
    await server.assertNothingIsLeft();
    await server[Symbol.asyncDispose]();
  });

  /** What a terminal gets, with the newlines as they were before the terminal's own line discipline. */
  async function onTerminal(
    args: readonly string[],
    env: Readonly<Record<string, string>> = {},
  ): Promise<string> {
    const { code, stdout } = await lifeline(server, args, { terminal: true, env });
    expect(code).toBe(0);
    return stdout.replaceAll('\r\n', '\n');
  }

  it.each([['logs'], ['logs -f']])('changes nothing but text and colour (%s)', async (words) => {
    const text = await onTerminal([...words.split(' '), id]);
    expect(text).toBe([`${RED}red${RESET}`, ...SHOWN.slice(1), RESET].join('\n'));
  });

  it('changes nothing but text where colours are not wanted', async () => {
    expect(await onTerminal(['logs', id], { NO_COLOR: '1' })).toBe([...SHOWN, ''].join('\n'));
    expect(await onTerminal(['logs', id], { TERM: 'dumb' })).toBe([...SHOWN, ''].join('\n'));
  });

  it('changes nothing but text in a pipe, and nothing at all with --raw', async () => {
    expect((await lifeline(server, ['logs', id])).stdout).toBe([...SHOWN, ''].join('\n'));
    expect((await lifeline(server, ['logs', '--raw', id])).stdout).toBe([...ATTACK, ''].join('\n'));
  });

  it('changes nothing as JSON', async () => {
    const { stdout } = await lifeline(server, ['logs', '--jsonl', id]);
    expect(stdout).toMatch(/^[\n\x20-\x7e]*$/);
    const texts = stdout
      .trimEnd()
      .split('\n')
      .map((line) => (JSON.parse(line) as { text: string }).text);
    expect(texts).toEqual(ATTACK);
  });

  it('cannot act by its name or label in ps and show', async () => {
    for (const args of [
      ['ps', '-a'],
      ['show', id],
    ]) {
      const text = await onTerminal(args, { NO_COLOR: '1' });
      expect(text).toContain('␛]0;label␇');
      expect(text).not.toMatch(/[^\n\x20-\x7e\u2026\u2400-\u2421]/);
    }
  });

  it('has a coloured table on a terminal', async () => {
    const text = await onTerminal(['ps', '-a']);
    expect(text).toMatch(/^\x1b\[1mID\x1b\[22m/);
    expect(text).toContain('\x1b[32mSUCCEEDED\x1b[39m');
  });

  it('keeps the streams of run apart on a terminal line', async () => {
    const script = 'printf "prompt? "; sleep 1.5; echo err >&2; sleep 0.2; echo answer';
    expect(await onTerminal(['run', '--script', script])).toBe(`prompt? \nerr\nanswer\n${RESET}`);
  });
});
