import { existsSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { describe, expect, it } from 'vitest';
import { DataDirectory } from '../../src/storage/data-directory.ts';
import { InstanceLease } from '../../src/storage/instance-lease.ts';
import { StartupError } from '../../src/storage/startup-error.ts';
import { ScratchDirectory } from '../end-to-end/harness/scratch-directory.ts';

describe('the lease of a data directory', () => {
  it('is held by one, who is named to the next, and is free when its guard is disposed', () => {
    using scratch = new ScratchDirectory();
    const directory = DataDirectory.prepare(scratch.file('data'));
    {
      using _lease = InstanceLease.take(directory);
      expect(() => InstanceLease.take(directory)).toThrow(StartupError);
      expect(() => InstanceLease.take(directory)).toThrow(`pid ${String(process.pid)} on ${hostname()}`);
    }
    using again = InstanceLease.take(directory);
    again[Symbol.dispose]();
    again[Symbol.dispose]();
    using _third = InstanceLease.take(directory);
  });

  it('is found free by who finds the note of one that is gone, whatever it says', () => {
    using scratch = new ScratchDirectory();
    const directory = DataDirectory.prepare(scratch.file('data'));
    for (const note of [
      '',
      '{',
      JSON.stringify({ pid: process.pid, host: hostname(), since: new Date().toISOString() }),
    ]) {
      writeFileSync(`${directory.leasePath}.json`, note);
      using _lease = InstanceLease.take(directory);
      expect(() => InstanceLease.take(directory)).toThrow(`pid ${String(process.pid)}`);
    }
    expect(existsSync(`${directory.leasePath}.json`)).toBe(false);
  });

  it('is refused without a name where its note is damaged', () => {
    using scratch = new ScratchDirectory();
    const directory = DataDirectory.prepare(scratch.file('data'));
    using _lease = InstanceLease.take(directory);
    writeFileSync(`${directory.leasePath}.json`, 'not JSON');
    expect(() => InstanceLease.take(directory)).toThrow('Another Lifeline server');
  });

  it('of another directory is another one', () => {
    using scratch = new ScratchDirectory();
    using _one = InstanceLease.take(DataDirectory.prepare(scratch.file('one')));
    using _two = InstanceLease.take(DataDirectory.prepare(scratch.file('two')));
  });
});
