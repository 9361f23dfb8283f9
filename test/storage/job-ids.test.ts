import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { DataDirectory } from '../../src/storage/data-directory.ts';
import { JobIds } from '../../src/storage/job-ids.ts';
import { ScratchDirectory } from '../end-to-end/harness/scratch-directory.ts';

describe('job ids', () => {
  it('are 1, 2, 3 … and go on after a restart', () => {
    using scratch = new ScratchDirectory();
    const directory = DataDirectory.prepare(scratch.file('data'));
    const first = new JobIds(directory, 0);
    expect([first.next(), first.next(), first.next()]).toEqual([1, 2, 3]);
    expect(new JobIds(directory, 0).next()).toBe(4);
  });

  it('are never given twice, whichever of database, directories and note is lost', async () => {
    using scratch = new ScratchDirectory();
    const directory = DataDirectory.prepare(scratch.file('data'));
    expect(new JobIds(directory, 10).next()).toBe(11);
    mkdirSync(directory.jobDirectory(20).path);
    expect((await directory.list()).jobIds).toEqual([20]);
    expect(new JobIds(directory, 20).next()).toBe(21);
    rmSync(directory.highestJobIdPath);
    expect(new JobIds(directory, 30).next()).toBe(31);
    writeFileSync(directory.highestJobIdPath, '');
    expect(new JobIds(directory, 31).next()).toBe(32);
  });
});
