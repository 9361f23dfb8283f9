import fc from 'fast-check';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { isAlive, parseStat, ProcessTable, readProcess } from '../../src/supervisor/process-table.ts';
import { ScratchDirectory } from '../end-to-end/harness/scratch-directory.ts';

const number = fc.nat({ max: 4_000_000 });

describe('a line of /proc/PID/stat', () => {
  it('is read right whatever the name of the program holds', () => {
    const name = fc.string({
      unit: fc.constantFrom('a', ' ', '(', ')', '1', 'R', '-', 'é', '\n'),
      maxLength: 15,
    });
    fc.assert(
      fc.property(
        name,
        number,
        fc.constantFrom('R', 'S', 'D', 'T', 'Z', 'X', 'I'),
        fc.tuple(number, number, number),
        fc.array(number, { minLength: 15, maxLength: 15 }),
        number,
        (programName, pid, state, [parentPid, groupId, sessionId], between, startTicks) => {
          const line = `${String(pid)} (${programName}) ${state} ${[parentPid, groupId, sessionId, ...between, startTicks, 1, 2].join(' ')}\n`;
          expect(parseStat(line)).toEqual({
            pid,
            name: programName,
            state,
            parentPid,
            groupId,
            sessionId,
            startTicks,
          });
        },
      ),
    );
  });

  it('is refused where it is torn or is something else', () => {
    for (const line of [
      '',
      '12',
      '12 (sh',
      'sh) (12',
      '12 (sh) S 1 2 3',
      'x (sh) S 1 1 1 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 5',
    ]) {
      expect(parseStat(line)).toBeUndefined();
    }
  });

  it('of a real program with an awkward name gives its identity', async () => {
    using scratch = new ScratchDirectory();
    const program = scratch.file('a) R 1 (b');
    copyFileSync('/bin/sleep', program);
    const child = spawn(program, ['1000']);
    try {
      await once(child, 'spawn');
      const found = readProcess(child.pid!)!;
      expect(found).toMatchObject({ pid: child.pid, name: 'a) R 1 (b', parentPid: process.pid });
      expect(isAlive(found)).toBe(true);
      expect(isAlive({ ...found, startTicks: found.startTicks + 1 })).toBe(false);
      const { processes } = await new ProcessTable('LIFELINE_COOKIE').scan();
      expect(processes.get(child.pid!)).toMatchObject({ name: 'a) R 1 (b', startTicks: found.startTicks });
    } finally {
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
  });
});

describe('the process table', () => {
  it('gives everybody who asks before a scan begins the same picture, and a later one a new picture', async () => {
    const table = new ProcessTable('LIFELINE_COOKIE');
    const [first, second] = [table.scan(), table.scan()];
    expect(await first).toBe(await second);
    const third = table.scan();
    expect(await third).not.toBe(await first);
  });
});
