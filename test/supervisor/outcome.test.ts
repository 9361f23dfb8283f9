import { describe, expect, it } from 'vitest';
import { outcomeElsewhere, outcomeOf } from '../../src/supervisor/outcome.ts';

const record = (exitStatus: number | null) => ({
  started: true,
  aborted: false,
  exitStatus,
  drained: true,
  alone: false,
});
const outcomeOfExit = (exitStatus: number) => outcomeOf(record(exitStatus), null, false);

describe('the outcome', () => {
  it('of exit status 0 is success, and of nothing else', () => {
    const statuses = Array.from({ length: 256 }, (_, status) => outcomeOfExit(status));
    expect(statuses.filter(({ status }) => status === 'SUCCEEDED')).toEqual([
      {
        status: 'SUCCEEDED',
        reason: 'EXITED',
        message: null,
        exitCode: 0,
        signal: null,
        signalInferred: false,
      },
    ]);
    expect(statuses.map(({ exitCode }) => exitCode)).toEqual(
      Array.from({ length: 256 }, (_, status) => status),
    );
  });

  it.each([
    [1, 'EXITED', null],
    [127, 'EXITED', null],
    [128, 'EXITED', null],
    [130, 'SIGNALLED', 'SIGINT'],
    [137, 'KILLED_FROM_OUTSIDE', 'SIGKILL'],
    [139, 'SIGNALLED', 'SIGSEGV'],
    [143, 'SIGNALLED', 'SIGTERM'],
    [255, 'EXITED', null],
  ])('of exit status %i is FAILED, %s, and its signal is only inferred', (exitStatus, reason, signal) => {
    expect(outcomeOfExit(exitStatus)).toMatchObject({
      status: 'FAILED',
      reason,
      signal,
      signalInferred: signal !== null,
    });
  });

  it('of a kill while memory ran out is OUT_OF_MEMORY, and of any other end is what it was', () => {
    const whileMemoryRanOut = (exitStatus: number) =>
      outcomeOf(record(exitStatus), null, false, { memoryRanOut: true });
    expect(whileMemoryRanOut(137)).toMatchObject({
      status: 'FAILED',
      reason: 'OUT_OF_MEMORY',
      exitCode: 137,
      signal: 'SIGKILL',
    });
    for (const exitStatus of [0, 1, 139, 143])
      expect(whileMemoryRanOut(exitStatus)).toEqual(outcomeOfExit(exitStatus));
  });

  it('of a job that was told to end is that, whatever its program made of it', () => {
    const request = { gracePeriodMs: 0, requestedBy: null, requestedAtMs: 0 };
    for (const exitStatus of [null, 0, 3, 137, 143]) {
      const after = (reason: 'CANCEL_REQUESTED' | 'SERVER_STOPPED' | 'TIMEOUT') =>
        outcomeOf(record(exitStatus), { ...request, reason }, true);
      expect(after('CANCEL_REQUESTED')).toMatchObject({
        status: 'CANCELLED',
        reason: 'CANCEL_REQUESTED',
        exitCode: exitStatus,
      });
      expect(after('SERVER_STOPPED')).toMatchObject({
        status: 'CANCELLED',
        reason: 'SERVER_STOPPED',
        exitCode: exitStatus,
      });
      expect(after('TIMEOUT')).toMatchObject({
        status: 'TIMED_OUT',
        reason: 'TIMEOUT',
        exitCode: exitStatus,
      });
    }
  });

  it('of a job whose end nobody saw is LOST, and never success', () => {
    expect(outcomeOf(record(null), null, false)).toMatchObject({
      status: 'LOST',
      reason: 'IDENTITY_GONE',
      exitCode: null,
    });
  });

  it('of a job whose gate never opened is a failed launch', () => {
    expect(outcomeOf({ ...record(null), started: false, aborted: true }, null, false)).toMatchObject({
      status: 'FAILED',
      reason: 'LAUNCH_FAILED',
    });
  });

  it('of a job of another boot or pid namespace is LOST with that reason', () => {
    const here = { bootId: 'a', pidNamespace: 'pid:[1]' };
    expect(outcomeElsewhere(here, here)).toBeNull();
    expect(outcomeElsewhere({ ...here, bootId: 'b' }, here)).toMatchObject({
      status: 'LOST',
      reason: 'HOST_REBOOTED',
    });
    expect(outcomeElsewhere({ ...here, pidNamespace: 'pid:[2]' }, here)).toMatchObject({
      status: 'LOST',
      reason: 'IDENTITY_GONE',
    });
  });
});
