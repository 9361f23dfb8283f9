import fc from 'fast-check';
import { closeSync, mkdirSync, statSync, symlinkSync, writeFileSync, writeSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { createExitRecord, exitRecordTimeMs, readExitRecord } from '../../src/supervisor/exit-record.ts';
import { ScratchDirectory } from '../end-to-end/harness/scratch-directory.ts';

const NOTHING = { started: false, aborted: false, exitStatus: null, drained: false, alone: false };
const slot = (word: string): string => `${word.padEnd(15)}\n`;

describe('the exit record', () => {
  it('has its full size from the beginning and keeps it', () => {
    using scratch = new ScratchDirectory();
    const path = scratch.file('exit');
    const descriptor = createExitRecord(path);
    try {
      const { size, mode } = statSync(path);
      expect(readExitRecord(path)).toEqual(NOTHING);
      for (const word of ['started', 'exit 255', 'drained']) writeSync(descriptor, slot(word));
      expect(statSync(path).size).toBe(size);
      expect(mode & 0o777).toBe(0o600);
      const whole = { started: true, aborted: false, exitStatus: 255, drained: true, alone: false };
      expect(readExitRecord(path)).toEqual(whole);
    } finally {
      closeSync(descriptor);
    }
  });

  it('is read at every stage of being written, and never as something that was not said', () => {
    using scratch = new ScratchDirectory();
    const path = scratch.file('exit');
    fc.assert(
      fc.property(fc.nat({ max: 255 }), fc.nat({ max: 64 }), fc.boolean(), (exitStatus, written, alone) => {
        const drained = alone ? 'drained alone' : 'drained';
        const full = slot('started') + slot(`exit ${String(exitStatus)}`) + slot(drained) + slot('');
        const prefilled = slot('').repeat(4);
        writeFileSync(path, full.slice(0, written) + prefilled.slice(written));
        const record = readExitRecord(path);
        expect(record.aborted).toBe(false);
        expect(record.started).toBe(written >= 'started'.length);
        if (written >= 48) expect([record.drained, record.alone]).toEqual([true, alone]);
        if (written < 32 + 'drained'.length) expect([record.drained, record.alone]).toEqual([false, false]);
        // The shim writes each word with one call, so a torn number is not among the things that happen.
        if (written >= 32) expect(record.exitStatus).toBe(exitStatus);
        if (written < 16 + 'exit 0'.length) expect(record.exitStatus).toBeNull();
      }),
    );
  });

  it('says nothing where it is missing, strange, huge, a link, a FIFO or a directory', () => {
    using scratch = new ScratchDirectory();
    expect(readExitRecord(scratch.file('missing'))).toEqual(NOTHING);
    expect(exitRecordTimeMs(scratch.file('missing'))).toBeUndefined();
    writeFileSync(scratch.file('strange'), 'exit zero\nexit 1000\n exit\n');
    expect(readExitRecord(scratch.file('strange'))).toEqual(NOTHING);
    writeFileSync(scratch.file('huge'), 'exit 0\n'.repeat(1000));
    expect(readExitRecord(scratch.file('huge'))).toEqual(NOTHING);
    writeFileSync(scratch.file('target'), slot('exit 0'));
    symlinkSync(scratch.file('target'), scratch.file('link'));
    expect(readExitRecord(scratch.file('link'))).toEqual(NOTHING);
    execFileSync('mkfifo', [scratch.file('fifo')]);
    expect(readExitRecord(scratch.file('fifo'))).toEqual(NOTHING);
    mkdirSync(scratch.file('directory'));
    expect(readExitRecord(scratch.file('directory'))).toEqual(NOTHING);
  });

  it('is never made over one that exists', () => {
    using scratch = new ScratchDirectory();
    closeSync(createExitRecord(scratch.file('exit')));
    expect(() => createExitRecord(scratch.file('exit'))).toThrow(/EEXIST/);
  });
});
