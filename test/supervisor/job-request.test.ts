import fc from 'fast-check';
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { CommandNotFoundError, InvalidInputError } from '../../src/domain/errors.ts';
import { completeRequest, fingerprint, type SealedRequest } from '../../src/supervisor/job-request.ts';
import { ScratchDirectory } from '../end-to-end/harness/scratch-directory.ts';

const scratch = new ScratchDirectory();
afterAll(() => {
  scratch[Symbol.dispose]();
});

const DEFAULTS = [
  { name: 'PATH', value: '/usr/bin:/bin' },
  { name: 'HOME', value: scratch.path },
];
const complete = (request: SealedRequest) => completeRequest(request, DEFAULTS);

function executable(name: string, text: string): string {
  writeFileSync(scratch.file(name), text);
  chmodSync(scratch.file(name), 0o755);
  return scratch.file(name);
}

describe('a request', () => {
  it('is completed with defaults that are written down', () => {
    expect(complete({ command: ['true'] })).toMatchObject({
      command: ['/usr/bin/true'],
      script: null,
      cwd: scratch.path,
      env: [],
      stdin: null,
      unbuffered: false,
      timeoutMs: null,
      gracePeriodMs: 10_000,
      onEnd: 'KILL_TREE',
      labels: [],
      priority: 0,
      concurrencyKey: null,
      concurrencyLimit: 1,
      maxLogBytes: 1024 ** 3,
      logOverflow: 'TRIM',
      requestId: null,
    });
    expect(complete({ script: 'exit 3' }).command).toEqual(['/bin/sh', '-c', 'exit 3']);
  });

  it.each<[string, SealedRequest]>([
    ['neither command nor script', {}],
    ['both', { command: ['true'], script: 'true' }],
    ['an empty command', { command: [] }],
    ['an empty program', { command: [''] }],
    ['an empty script', { script: ' \n' }],
    ['NUL in an argument', { command: ['echo', 'a\0b'] }],
    ['NUL in a script', { script: 'echo \0' }],
    ['NUL in a value', { script: 'true', env: [{ name: 'A', value: '\0' }] }],
    ['half a surrogate pair', { command: ['echo', '\ud83d'] }],
    ['the other half in a variable', { script: 'true', env: [{ name: 'A', value: 'x\udc00' }] }],
    ['an argument of 140 kB', { command: ['echo', 'x'.repeat(140_000)] }],
    ['an argument one byte too long', { command: ['echo', 'x'.repeat(131_072)] }],
    ['a variable of 140 kB', { script: 'true', env: [{ name: 'A', value: 'x'.repeat(140_000) }] }],
    ['2 MB of arguments', { command: ['echo', ...Array.from({ length: 20 }, () => 'x'.repeat(100_000))] }],
    ['a missing directory', { script: 'true', cwd: '/nowhere/at/all' }],
    ['a relative directory', { script: 'true', cwd: 'tmp' }],
    ['a file as directory', { script: 'true', cwd: '/etc/passwd' }],
    ['NUL in the directory', { script: 'true', cwd: '/tmp\0' }],
    ['a name with a dot', { script: 'true', env: [{ name: 'a.b', value: '' }] }],
    ['an empty name', { script: 'true', env: [{ name: '', value: '' }] }],
    ['a name that is code', { script: 'true', env: [{ name: 'A=$(id);B', value: '' }] }],
    ['a name with a line end', { script: 'true', env: [{ name: 'A\n', value: '' }] }],
    ['the cookie', { script: 'true', env: [{ name: 'LIFELINE_COOKIE', value: 'x' }] }],
    ['a name that the shell computes', { script: 'true', env: [{ name: 'PPID', value: '1' }] }],
    [
      'a name twice',
      {
        script: 'true',
        env: [
          { name: 'A', value: '1' },
          { name: 'A', value: '2' },
        ],
      },
    ],
    ['a timeout of 0', { script: 'true', timeoutMs: 0 }],
    ['half a millisecond', { script: 'true', timeoutMs: 0.5 }],
    ['a negative grace period', { script: 'true', gracePeriodMs: -1 }],
    ['an empty requestId', { script: 'true', requestId: '' }],
    ['a label of 201 characters', { script: 'true', labels: ['x'.repeat(201)] }],
    ['a priority above 100', { script: 'true', priority: 101 }],
    ['a priority below -100', { script: 'true', priority: -101 }],
    ['half a priority', { script: 'true', priority: 0.5 }],
    ['an empty concurrency key', { script: 'true', concurrencyKey: '' }],
    ['a concurrency key of 201 characters', { script: 'true', concurrencyKey: 'x'.repeat(201) }],
    ['NUL in the concurrency key', { script: 'true', concurrencyKey: 'a\0' }],
    ['half a surrogate pair in the concurrency key', { script: 'true', concurrencyKey: '\ud83d' }],
    ['a concurrency limit of 0', { script: 'true', concurrencyLimit: 0 }],
    ['a concurrency limit without end', { script: 'true', concurrencyLimit: Infinity }],
  ])('with %s is refused', (_what, request) => {
    expect(() => complete(request)).toThrow(InvalidInputError);
  });

  it.each<[string, () => string[]]>([
    ['unknown', () => ['no-such-program-anywhere']],
    ['unknown by path', () => ['/no/such/program']],
    ['a directory', () => ['/tmp']],
    ['not executable', () => ['/etc/passwd']],
    ['below a file', () => ['/etc/passwd/x']],
    [
      'a dangling link',
      () => (symlinkSync('/nowhere', scratch.file('dangling')), [scratch.file('dangling')]),
    ],
    ['a script without its interpreter', () => [executable('no-interpreter', '#!/no/such/interpreter\n')]],
  ])('for a program that is %s is told so, and not by an exit code', (_what, command) => {
    expect(() => complete({ command: command() })).toThrow(CommandNotFoundError);
  });

  it('finds its program as execvp does: in the PATH of the request, past what cannot be run', () => {
    for (const name of ['first', 'second', 'third']) mkdirSync(scratch.file(name));
    mkdirSync(scratch.file('first/tool'));
    writeFileSync(scratch.file('second/tool'), 'not executable');
    const tool = executable('third/tool', '#!/bin/sh\n');
    const path = ['first', 'second', 'third'].map((name) => scratch.file(name)).join(':');
    expect(complete({ command: ['tool'], env: [{ name: 'PATH', value: path }] }).command).toEqual([tool]);
    expect(complete({ command: ['third/tool'], cwd: scratch.path }).command).toEqual([tool]);
    expect(complete({ command: ['./tool'], cwd: scratch.file('third') }).command).toEqual([tool]);
  });

  it('takes the longest argument that the kernel takes', () => {
    expect(complete({ command: ['echo', 'x'.repeat(131_071)] }).command[1]).toHaveLength(131_071);
    expect(() => complete({ command: ['echo', 'é'.repeat(65_536)] })).toThrow(InvalidInputError);
  });

  it('keeps every argument as it is', () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: 'binary' }).filter((text) => !/[\0\p{Surrogate}]/u.test(text))),
        (args) => {
          expect(complete({ command: ['echo', ...args] }).command.slice(1)).toEqual(args);
        },
      ),
    );
  });

  it('is known again under its requestId whatever the order of its fields, and told from another one', () => {
    const first: SealedRequest = { requestId: 'a', command: ['true'], cwd: '/tmp', labels: ['x'] };
    expect(fingerprint({ labels: ['x'], cwd: '/tmp', command: ['true'], requestId: 'b' })).toBe(
      fingerprint(first),
    );
    expect(fingerprint({ ...first, cwd: '/' })).not.toBe(fingerprint(first));
    expect(fingerprint({ ...first, command: ['true', ''] })).not.toBe(fingerprint(first));
  });
});
