import { appendFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { DirectoryWatch } from '../../src/logs/directory-watch.ts';
import { checkLeaks, watchCount } from './leak-check.ts';
import { Scratch } from './scratch.ts';

checkLeaks();

const NEVER_MS = 1_000_000;

describe('a watch of a directory', () => {
  it('names the files that change, also those that come later', async () => {
    using scratch = new Scratch();
    const names: (string | null)[] = [];
    using watch = new DirectoryWatch(scratch.directory.path, (name) => names.push(name), {
      safetyPollMs: NEVER_MS,
    });
    expect(watch.isWatching).toBe(true);
    appendFileSync(scratch.directory.logPath('STDOUT'), 'line\n');
    await vi.waitFor(() => expect(names).toContain('stdout'));
    writeFileSync(scratch.directory.exitRecordPath, 'record');
    await vi.waitFor(() => expect(names).toContain('exit'));
  });

  it('looks by itself now and then, in case an event was dropped', async () => {
    using scratch = new Scratch();
    const onChange = vi.fn();
    using _watch = new DirectoryWatch(scratch.directory.path, onChange, { safetyPollMs: 5 });
    await vi.waitFor(() => expect(onChange).toHaveBeenCalledWith(null));
  });

  it('looks less often while nothing changes, and as often as before when something does', async () => {
    using scratch = new Scratch();
    const atMs: number[] = [];
    using _watch = new DirectoryWatch(
      scratch.directory.path,
      (name) => {
        if (name === null) atMs.push(performance.now());
      },
      { safetyPollMs: 20 },
    );
    const pausesMs = (): number[] => atMs.slice(1).map((ms, index) => ms - atMs[index]!);
    await vi.waitFor(() => expect(pausesMs().filter((ms) => ms >= 155).length).toBeGreaterThan(1), 5_000);
    scratch.write('STDOUT', 'line\n');
    const looks = atMs.length;
    await vi.waitFor(
      () =>
        expect(
          pausesMs()
            .slice(looks)
            .some((ms) => ms < 155),
        ).toBe(true),
      5_000,
    );
  });

  it('polls where watching is not possible', async () => {
    using scratch = new Scratch();
    const onChange = vi.fn();
    using watch = new DirectoryWatch(join(scratch.root, 'not there'), onChange, {
      pollMs: 5,
      safetyPollMs: NEVER_MS,
    });
    expect(watch.isWatching).toBe(false);
    await vi.waitFor(() => expect(onChange.mock.calls.length).toBeGreaterThan(2));
  });

  it('is silent after its release, however often that comes', async () => {
    using scratch = new Scratch();
    const released = vi.fn();
    const watchesBefore = watchCount();
    const watch = new DirectoryWatch(scratch.directory.path, released, { safetyPollMs: 1 });
    expect(watchCount()).toBe(watchesBefore + 1);
    scratch.write('STDOUT', 'not told any more\n');
    watch[Symbol.dispose]();
    watch[Symbol.dispose]();
    // Looked at while the directory is still there: its removal would end the watch, too.
    expect(watchCount()).toBe(watchesBefore);
    const other = vi.fn();
    using _other = new DirectoryWatch(scratch.directory.path, other, { safetyPollMs: NEVER_MS });
    scratch.write('STDOUT', 'line\n');
    await vi.waitFor(() => expect(other).toHaveBeenCalled());
    expect(released).not.toHaveBeenCalled();
  });

  it('survives the removal of its directory', async () => {
    using scratch = new Scratch();
    const onChange = vi.fn();
    using _watch = new DirectoryWatch(scratch.directory.path, onChange, { safetyPollMs: 5 });
    rmSync(scratch.directory.path, { recursive: true });
    await vi.waitFor(() => expect(onChange).toHaveBeenCalledWith(null));
  });
});
