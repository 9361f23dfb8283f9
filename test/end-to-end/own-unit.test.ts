import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { unitIn } from '../../src/own-unit.ts';
import { LifelineServer } from './harness/lifeline-server.ts';
import { isRunning } from './harness/processes.ts';
import { ScratchDirectory } from './harness/scratch-directory.ts';
import { untilTrue } from './harness/until-true.ts';

describe('the unit of a process, by its control groups', () => {
  it.each([
    ['0::/system.slice/lifeline.service', { name: 'lifeline.service', isUserUnit: false }],
    ['0::/system.slice/lifeline.service/server', { name: 'lifeline.service', isUserUnit: false }],
    [
      '0::/system.slice/system-job.slice/job@a\\x2db.service',
      { name: 'job@a\\x2db.service', isUserUnit: false },
    ],
    [
      '0::/user.slice/user-1000.slice/user@1000.service/app.slice/lifeline.service',
      { name: 'lifeline.service', isUserUnit: true },
    ],
    [
      '12:pids:/system.slice/other.service\n1:name=systemd:/system.slice/lifeline.service\n0::/',
      { name: 'lifeline.service', isUserUnit: false },
    ],
    ['0::/user.slice/user-1000.slice/session-3.scope', undefined],
    ['0::/user.slice/user-1000.slice/user@1000.service/app.slice/vte-spawn-1.scope', undefined],
    ['0::/', undefined],
    ['0::/system.slice/.service', undefined],
    ['', undefined],
  ])('%j', (file, unit) => {
    expect(unitIn(`${file}\n`)).toEqual(unit);
  });
});

const isRoot = process.getuid?.() === 0;
const UNSHARE = ['unshare', isRoot ? '-m' : '-Urm'];

/** Whether we may let a process see another control group file than its own. */
function canPretend(): boolean {
  try {
    execFileSync(UNSHARE[0]!, [...UNSHARE.slice(1), 'sh', '-c', 'mount --bind /dev/null /proc/$$/cgroup']);
    return true;
  } catch {
    return false;
  }
}

const pretends = canPretend();
if (!pretends)
  console.warn('SKIPPED: no mount namespaces here, so no server can be shown another control group.');

describe.skipIf(!pretends)('a server in a service of systemd', () => {
  let scratch: ScratchDirectory;
  let server: LifelineServer | undefined;

  beforeEach(() => {
    scratch = new ScratchDirectory();
    mkdirSync(scratch.file('bin'));
  });
  afterEach(async () => {
    await server?.[Symbol.asyncDispose]();
    server = undefined;
    scratch[Symbol.dispose]();
  });

  /** Starts a server whose control group names a unit, and whose systemctl is this script. */
  async function startIn(unitPath: string, systemctl: string, args: string[] = []): Promise<LifelineServer> {
    writeFileSync(scratch.file('cgroup'), `0::${unitPath}\n`);
    writeFileSync(
      scratch.file('bin/systemctl'),
      `#!/bin/sh\necho "$$ $*" >${scratch.file('asked')}\n${systemctl}\n`,
      { mode: 0o755 },
    );
    const pretend = `mount --bind ${scratch.file('cgroup')} /proc/$$/cgroup && exec "$@"`;
    return LifelineServer.start({
      args,
      wrapper: [...UNSHARE, 'sh', '-c', pretend, 'wrapper'],
      env: { PATH: `${scratch.file('bin')}:${process.env['PATH'] ?? '/usr/bin:/bin'}` },
    });
  }

  function asked(): string {
    return existsSync(scratch.file('asked')) ? readFileSync(scratch.file('asked'), 'utf8') : '';
  }

  function warnings(): unknown[] {
    return (server?.stderr ?? '')
      .split('\n')
      .filter((line) => line.includes('KillMode'))
      .map((line) => JSON.parse(line) as unknown);
  }

  it.each([
    ['/system.slice/lifeline.service', 'show --property=KillMode -- lifeline.service', false],
    [
      '/user.slice/user-7.slice/user@7.service/app.slice/mine.service',
      '--user show --property=KillMode -- mine.service',
      true,
    ],
  ])('that would end its jobs says so, and what to do: %s', async (path, question, isUserUnit) => {
    server = await startIn(path, 'echo KillMode=control-group');
    await untilTrue(() => warnings().length > 0);
    const unit = path.split('/').at(-1);
    expect(warnings()).toEqual([
      expect.objectContaining({
        level: 40,
        unit,
        isUserUnit,
        killMode: 'control-group',
        msg: expect.stringMatching(/^systemd will end all jobs .* put KillMode=process into /) as unknown,
      }),
    ]);
    expect(asked().trim().replace(/^\d+ /, '')).toBe(question);
  });

  it.each([
    ['that leaves jobs alone', 'echo KillMode=process', []],
    ['that cannot be asked', 'echo "Failed to connect to bus" >&2; exit 1', []],
    ['and is to end its jobs itself', 'echo KillMode=control-group', ['--on-exit', 'cancel']],
  ])('%s says nothing', async (_, systemctl, args) => {
    server = await startIn('/system.slice/lifeline.service', systemctl, args);
    if (args.length === 0) {
      await untilTrue(() => asked() !== '');
      await untilTrue(() => !isRunning(Number.parseInt(asked())));
    }
    expect(await server.end('SIGTERM')).toBe(0);
    expect(warnings()).toEqual([]);
  });

  it('that gives no answer is asked for a while only, and holds up neither start nor stop', async () => {
    server = await startIn('/system.slice/lifeline.service', 'exec sleep 1000');
    await untilTrue(() => asked() !== '');
    const first = Number.parseInt(asked());
    await untilTrue(() => !isRunning(first));
    await server.restart();
    await untilTrue(() => Number.parseInt(asked()) !== first);
    expect(isRunning(Number.parseInt(asked()))).toBe(true);
    expect(await server.end('SIGTERM')).toBe(0);
    await untilTrue(() => !isRunning(Number.parseInt(asked())));
    expect(warnings()).toEqual([]);
  });
});
