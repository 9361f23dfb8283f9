import fc from 'fast-check';
import { Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { CliError } from '../../src/cli/cli-error.ts';
import { formatDuration, parseDurationMs } from '../../src/domain/duration.ts';
import { exitCodeOf } from '../../src/cli/exit-codes.ts';
import { STATUSES } from '../../src/cli/option-values.ts';
import { OutputClosedError, OutputStream } from '../../src/cli/output-stream.ts';
import { JOB_STATUSES } from '../../src/domain/job-status.ts';

describe('durations', () => {
  it.each([
    ['250', 250],
    ['0', 0],
    ['500ms', 500],
    ['1.5s', 1_500],
    ['5m', 300_000],
    ['2h', 7_200_000],
    ['1d', 86_400_000],
    ['25d', undefined],
    ['-1', undefined],
    ['5 m', undefined],
    ['1w', undefined],
    ['', undefined],
  ])('reads %j', (text, expected) => {
    expect(parseDurationMs(text)).toBe(expected);
  });

  it.each([
    [0, '0ms'],
    [999, '999ms'],
    [1_000, '1.0s'],
    [9_999, '9.9s'],
    [59_999, '59s'],
    [185_000, '3m05s'],
    [7_800_000, '2h10m'],
    [444_000_000, '5d03h'],
  ])('shows %d ms', (durationMs, expected) => {
    expect(formatDuration(durationMs)).toBe(expected);
  });

  it('are never longer than six characters, so that columns stay narrow', () => {
    fc.assert(
      fc.property(fc.integer({ min: -1_000, max: 99 * 86_400_000 }), (durationMs) => {
        expect(formatDuration(durationMs).length).toBeLessThanOrEqual(6);
      }),
    );
  });
});

describe('exit codes', () => {
  const exited = { reason: 'EXITED', exitCode: 3 } as const;
  it.each([
    ['a success', { ...exited, status: 'SUCCEEDED', exitCode: 0 }, undefined, 0],
    ['a failure', { ...exited, status: 'FAILED' }, undefined, 3],
    ['a failure after Ctrl-C', { ...exited, status: 'FAILED' }, 'SIGINT', 3],
    ['a launch that failed', { status: 'FAILED', reason: 'LAUNCH_FAILED', exitCode: null }, undefined, 126],
    ['a timeout', { status: 'TIMED_OUT', reason: 'TIMEOUT', exitCode: 143 }, undefined, 124],
    ['a cancel by Ctrl-C', { status: 'CANCELLED', reason: 'CANCEL_REQUESTED', exitCode: 143 }, 'SIGINT', 130],
    ['a cancel by SIGTERM', { status: 'CANCELLED', reason: 'CANCEL_REQUESTED', exitCode: 0 }, 'SIGTERM', 143],
    [
      'a kill by somebody',
      { status: 'CANCELLED', reason: 'CANCEL_REQUESTED', exitCode: 137 },
      undefined,
      137,
    ],
    [
      'a quiet end for somebody',
      { status: 'CANCELLED', reason: 'CANCEL_REQUESTED', exitCode: 0 },
      undefined,
      143,
    ],
    [
      'a job that never ran',
      { status: 'CANCELLED', reason: 'CANCEL_REQUESTED', exitCode: null },
      undefined,
      143,
    ],
    ['an outcome nobody knows', { status: 'LOST', reason: 'IDENTITY_GONE', exitCode: null }, undefined, 125],
  ] as const)('say %s', (_, job, interruptedBy, expected) => {
    expect(exitCodeOf(job, interruptedBy)).toBe(expected);
  });
});

describe('statuses of ps', () => {
  it('are those of the server', () => {
    expect(STATUSES).toEqual(JOB_STATUSES);
  });
});

describe('an output', () => {
  it('takes more only when the reader has taken what there was', async () => {
    const taken: (() => void)[] = [];
    const target = new Writable({ write: (_chunk, _encoding, done) => taken.push(done) });
    const output = new OutputStream(target, {});
    let isTaken = false;
    const written = output.write('text').then(() => (isTaken = true));
    await new Promise(setImmediate);
    expect(isTaken).toBe(false);
    taken[0]!();
    await written;
  });

  it.each([
    ['EPIPE', OutputClosedError],
    ['ENOSPC', CliError],
  ])('tells why it cannot be written: %s', async (code, expected) => {
    const failure = Object.assign(new Error('failed'), { code });
    const target = new Writable({ write: (_chunk, _encoding, done) => done(failure) });
    await expect(new OutputStream(target, {}).write('text')).rejects.toThrow(expected);
  });

  it('has colours where there is a terminal that wants them', () => {
    const colours = (isTTY: boolean, environment: NodeJS.ProcessEnv) =>
      new OutputStream(Object.assign(new Writable(), { isTTY }), environment).hasColours;
    expect(colours(true, { TERM: 'xterm' })).toBe(true);
    expect(colours(false, { TERM: 'xterm' })).toBe(false);
    expect(colours(true, { TERM: 'dumb' })).toBe(false);
    expect(colours(true, { TERM: 'xterm', NO_COLOR: '1' })).toBe(false);
    expect(colours(true, { TERM: 'xterm', NO_COLOR: '' })).toBe(true);
    expect(colours(false, { FORCE_COLOR: '1' })).toBe(true);
  });
});
