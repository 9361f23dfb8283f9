import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ProcessSnapshot, type ProcessEntry } from '../../src/supervisor/process-table.ts';
import { shimSession, signalGroup, treeMembers, type TreeRoot } from '../../src/supervisor/process-tree.ts';

/** A picture whose processes carry cookies without being real. */
function drawnSnapshot(processes: readonly DrawnProcess[]): ProcessSnapshot {
  const byPid = new Map(processes.map((process) => [process.pid, process]));
  return new ProcessSnapshot(byPid, (pid) => byPid.get(pid)?.cookie);
}

interface DrawnProcess extends ProcessEntry {
  readonly cookie?: string;
}

const ROOT: TreeRoot = {
  cookie: 'ours',
  shim: { pid: 10, startTicks: 100 },
  program: { pid: 20, startTicks: 105 },
};

function drawn(facts: Partial<DrawnProcess> & { pid: number }): DrawnProcess {
  return {
    name: 'x',
    state: 'S',
    parentPid: 1,
    groupId: facts.pid,
    sessionId: facts.pid,
    startTicks: 200,
    ...facts,
  };
}

function members(...processes: DrawnProcess[]): number[] {
  return treeMembers(drawnSnapshot(processes), ROOT)
    .map(({ pid }) => pid)
    .sort((a, b) => a - b);
}

const PROGRAM = drawn({ pid: 20, parentPid: 10, groupId: 20, sessionId: 20, startTicks: 105 });

describe('the tree of a job', () => {
  it('is its program, session, group, cookie carriers and the children of all these', () => {
    expect(
      members(
        PROGRAM,
        drawn({ pid: 21, sessionId: 20 }),
        drawn({ pid: 22, groupId: 20 }),
        drawn({ pid: 23, cookie: 'ours' }),
        drawn({ pid: 24, parentPid: 23 }),
        drawn({ pid: 25, parentPid: 24 }),
        drawn({ pid: 26, cookie: 'another job’s' }),
        drawn({ pid: 27 }),
      ),
    ).toEqual([20, 21, 22, 23, 24, 25]);
  });

  it('does not hold the shim, its subshells or its sinks', () => {
    expect(
      members(PROGRAM, drawn({ pid: 10, sessionId: 10, startTicks: 100 }), drawn({ pid: 11, sessionId: 10 })),
    ).toEqual([20]);
  });

  it('keeps the session and cookie carriers when its program is gone', () => {
    expect(members(drawn({ pid: 21, sessionId: 20 }), drawn({ pid: 23, cookie: 'ours' }))).toEqual([21, 23]);
  });

  it('is never a stranger who has the pid of the program, nor that one’s session', () => {
    const stranger = drawn({ pid: 20, startTicks: 999 });
    expect(
      members(
        stranger,
        drawn({ pid: 31, sessionId: 20, startTicks: 1000 }),
        drawn({ pid: 32, parentPid: 20, startTicks: 1001 }),
      ),
    ).toEqual([]);
  });

  it('is never somebody older than the program', () => {
    expect(
      members(
        PROGRAM,
        drawn({ pid: 5, sessionId: 20, startTicks: 50 }),
        drawn({ pid: 6, cookie: 'ours', startTicks: 50 }),
      ),
    ).toEqual([20]);
  });

  it('holds nobody without a tie to it, and everybody below a member, in any picture', () => {
    const process = fc.record({
      parent: fc.nat({ max: 30 }),
      session: fc.constantFrom(0, 10, 20),
      cookie: fc.constantFrom(undefined, 'ours', 'other'),
      startTicks: fc.integer({ min: 90, max: 130 }),
    });
    fc.assert(
      fc.property(fc.array(process, { maxLength: 30 }), fc.boolean(), (facts, programLives) => {
        const processes = facts.map(({ parent, session, cookie, startTicks }, index) =>
          drawn({
            pid: 100 + index,
            parentPid: parent < index ? 100 + parent : 1,
            sessionId: session === 0 ? 100 + index : session,
            startTicks,
            ...(cookie === undefined ? {} : { cookie }),
          }),
        );
        if (programLives) processes.push(PROGRAM);
        const found = new Set(members(...processes));
        const tied = (candidate: DrawnProcess): boolean =>
          candidate.startTicks >= ROOT.program.startTicks &&
          candidate.sessionId !== ROOT.shim.pid &&
          (candidate.sessionId === 20 || candidate.cookie === 'ours');
        for (const candidate of processes) {
          expect(found.has(candidate.pid)).toBe(tied(candidate) || found.has(candidate.parentPid));
        }
      }),
    );
  });
});

describe('the session of a shim', () => {
  const shim = drawn({ pid: 10, sessionId: 10, startTicks: 100 });
  const sink = drawn({ pid: 11, sessionId: 10, startTicks: 101 });
  const lives = (...processes: DrawnProcess[]) => shimSession(drawnSnapshot(processes), ROOT).length > 0;

  it('lives with the shim or what it has left', () => {
    expect([lives(shim, sink), lives(shim), lives(sink), lives(), lives(PROGRAM)]).toEqual([
      true,
      true,
      true,
      false,
      false,
    ]);
  });

  it('is not a stranger’s who has its number', () => {
    const stranger = drawn({ pid: 10, sessionId: 10, startTicks: 999 });
    expect(lives(stranger, drawn({ pid: 12, sessionId: 10, startTicks: 1000 }))).toBe(false);
    expect(lives(drawn({ pid: 12, sessionId: 10, startTicks: 50 }))).toBe(false);
  });
});

describe('a group', () => {
  // SIGCONT changes nothing for who runs: were it sent, this process would get it, or every one.
  it.each([0, -0, 1])('of number %s is none that is signalled', (groupId) => {
    expect(signalGroup(groupId, 'SIGCONT')).toBe(false);
  });
});
