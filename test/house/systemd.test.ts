import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ScratchDirectory } from '../end-to-end/harness/scratch-directory.ts';

const PACKAGING = join(import.meta.dirname, '../../packaging/systemd');
const UNITS = [
  ['lifeline.service', []],
  ['user/lifeline.service', ['--user']],
] as const;

const hasAnalyze = spawnSync('systemd-analyze', ['--version']).status === 0;
if (!hasAnalyze) console.warn('SKIPPED: without systemd-analyze nobody can say whether the units are right.');

describe.each(UNITS)('packaging/systemd/%s', (name, manager) => {
  const text = readFileSync(join(PACKAGING, name), 'utf8');

  it('leaves jobs alone when the server stops, is killed, or runs out of memory', () => {
    for (const setting of ['KillMode=process', 'OOMPolicy=continue', 'Delegate=yes', 'Restart=on-failure'])
      expect(text.split('\n')).toContain(setting);
    // It would take the files of jobs away that go on, at each stop.
    expect(text).not.toMatch(/^(PrivateTmp|RuntimeDirectory|DynamicUser|RemoveIPC)=/m);
  });

  it.skipIf(!hasAnalyze)('is a unit that systemd takes, alone and hardened', () => {
    using scratch = new ScratchDirectory();
    for (const extra of ['', readFileSync(join(PACKAGING, 'hardening.conf'), 'utf8')]) {
      const path = scratch.file('lifeline.service');
      writeFileSync(path, `${text}\n${extra}`);
      // What it does not know it says and ignores.
      const { status, stderr } = spawnSync('systemd-analyze', ['verify', ...manager, '--man=no', path], {
        encoding: 'utf8',
        env: { ...process.env, XDG_RUNTIME_DIR: scratch.path },
      });
      expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    }
  });
});

describe('docs/systemd.md', () => {
  it('names every file that is shipped', () => {
    const page = readFileSync(join(PACKAGING, '../../docs/systemd.md'), 'utf8');
    for (const file of ['lifeline.service', 'user/lifeline.service', 'hardening.conf'])
      expect(page).toContain(`packaging/systemd/${file}`);
  });
});
