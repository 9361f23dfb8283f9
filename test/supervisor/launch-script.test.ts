import fc from 'fast-check';
import { execFileSync, spawnSync } from 'node:child_process';
import { symlinkSync, writeFileSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { InvalidInputError } from '../../src/domain/errors.ts';
import type { PlainEnvEntry } from '../../src/domain/env-entry.ts';
import { completeRequest } from '../../src/supervisor/job-request.ts';
import { launchScript } from '../../src/supervisor/launch-script.ts';
import { findLaunchTools } from '../../src/supervisor/launch-tools.ts';
import { ScratchDirectory } from '../end-to-end/harness/scratch-directory.ts';

const PATH = '/usr/bin:/bin';
/** Every job has one: where the request gives none, it is the server's. */
const PATH_ENTRY = { name: 'PATH', value: PATH };
const scratch = new ScratchDirectory();
afterAll(() => {
  scratch[Symbol.dispose]();
});

/** bash behaves otherwise where it is called `sh`, as it is on some systems. */
symlinkSync('/bin/bash', scratch.file('sh'));
const SHELLS = ['/bin/dash', '/bin/bash', scratch.file('sh')];

/** Tells argv and environment as the kernel got them. */
const TELL = '/bin/cat /proc/$$/cmdline; printf "\\1"; /bin/cat /proc/$$/environ';

interface Received {
  readonly argv: readonly string[];
  readonly environ: readonly string[];
  readonly stderr: string;
}

/** Launches through a real shell as the shim does: the script is read by `.`, with nothing but PATH around it. */
function receive(shell: string, args: readonly string[], environment: readonly PlainEnvEntry[]): Received {
  const spec = completeRequest({ command: ['/bin/dash', '-c', TELL, ...args], cwd: '/' }, [PATH_ENTRY]);
  const complete = environment.some((entry) => entry.name === 'PATH')
    ? environment
    : [PATH_ENTRY, ...environment];
  const script = launchScript(spec, complete, { ...findLaunchTools(PATH), shell });
  writeFileSync(scratch.file('launch.sh'), script);
  const { stdout, stderr } = spawnSync(shell, ['-c', '. "$1"', 'shim', scratch.file('launch.sh')], {
    cwd: '/',
    env: { PATH },
    stdio: ['ignore', 'pipe', 'pipe'],
    maxBuffer: 1e8,
  });
  const end = stdout.lastIndexOf('\u0001');
  const list = (bytes: Buffer): string[] => bytes.toString('utf8').split('\0').slice(0, -1);
  return {
    argv: list(stdout.subarray(0, end)).slice(3),
    environ: list(stdout.subarray(end + 1)),
    stderr: stderr.toString('utf8'),
  };
}

function written(environment: readonly PlainEnvEntry[]): string[] {
  const complete = environment.some((entry) => entry.name === 'PATH')
    ? environment
    : [PATH_ENTRY, ...environment];
  return complete.map(({ name, value }) => `${name}=${value}`).sort();
}

/** Any text that can be in an argument: JSON cannot hold other bytes than UTF-8, the kernel no NUL. */
const text = fc
  .oneof(
    fc.string({ unit: 'binary' }),
    fc.string({
      unit: fc.constantFrom(
        "'",
        '"',
        '\\',
        '$',
        '`',
        '(',
        ')',
        '\n',
        '\r',
        ' ',
        ';',
        '&',
        '|',
        '*',
        '~',
        '!',
        '-',
        '@',
        'x',
      ),
    }),
  )
  .filter((value) => !/[\0\u0001\p{Surrogate}]/u.test(value));

/** Names that some shell knows, from their own lists and manuals, and quite other ones. */
const KNOWN_NAMES = [
  ...execFileSync('/bin/bash', ['-c', 'compgen -v'], { encoding: 'utf8' }).trim().split('\n'),
  ...'PATH HOME LANG LC_ALL LC_CTYPE LC_COLLATE LC_MESSAGES LC_NUMERIC LC_TIME LANGUAGE IFS ENV PWD OLDPWD PS1 PS2 PS4 OPTARG OPTERR OPTIND'.split(
    ' ',
  ),
  ...'MAIL MAILCHECK MAILPATH TERM HISTSIZE HISTFILE HISTFILESIZE HISTCONTROL TMOUT FUNCNEST GLOBIGNORE EXECIGNORE GLOBSORT'.split(
    ' ',
  ),
  ...'BASH_ENV BASH_COMPAT BASH_XTRACEFD BASH_LOADABLES_PATH POSIXLY_CORRECT IGNOREEOF TIMEFORMAT TMPDIR CDPATH CHILD_MAX COLUMNS LINES'.split(
    ' ',
  ),
  ...'COMP_WORDBREAKS COMPREPLY COPROC EMACS FCEDIT FIGNORE HOSTFILE INPUTRC INSIDE_EMACS MAPFILE READLINE_LINE READLINE_ARGUMENT REPLY'.split(
    ' ',
  ),
  ...'PROMPT_COMMAND PROMPT_DIRTRIM PS0 SHELL auto_resume histchars LINENO PPID RANDOM SECONDS UID EUID GROUPS ATTY TZ LD_PRELOAD_X'.split(
    ' ',
  ),
];
const name = fc.oneof(
  fc.constantFrom(...new Set(KNOWN_NAMES)),
  fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_]{0,20}$/),
);

function isAccepted(entry: PlainEnvEntry): boolean {
  try {
    completeRequest({ script: 'true', cwd: '/', env: [entry] }, [PATH_ENTRY]);
    return true;
  } catch (error) {
    if (error instanceof InvalidInputError) return false;
    throw error;
  }
}

describe.each(SHELLS)('the launch script under %s', (shell) => {
  it('passes every argument on as it was written', () => {
    fc.assert(
      fc.property(fc.array(text, { maxLength: 8 }), (args) => {
        expect(receive(shell, args, [])).toEqual({ argv: args, environ: written([]), stderr: '' });
      }),
      { numRuns: 40 },
    );
  });

  it('passes on $(id), ;, quotes, a leading - and @file as they are', () => {
    const args = [
      '$(id)',
      '`id`',
      '; rm -rf /',
      '"',
      "'",
      "'\\''",
      '-rf',
      '--',
      '@/etc/passwd',
      '*',
      '~',
      '',
      'a\nb',
      '\\',
      '${HOME}',
      '!!',
    ];
    expect(receive(shell, args, []).argv).toEqual(args);
  });

  it('gives the program exactly the environment that was asked for, and says nothing itself', () => {
    const entries = fc.uniqueArray(fc.record({ name, value: text }), {
      maxLength: 8,
      selector: (entry) => entry.name,
    });
    fc.assert(
      fc.property(entries, (drawn) => {
        const environment = drawn.filter(isAccepted);
        const { environ, stderr } = receive(shell, [], environment);
        expect([...environ].sort()).toEqual(written(environment));
        expect(stderr).toBe('');
      }),
      { numRuns: 40 },
    );
  });

  it('carries every name that it accepts byte for byte, the ones that shells know included', () => {
    const accepted = [...new Set(KNOWN_NAMES)].filter((known) => isAccepted({ name: known, value: 'x' }));
    expect(accepted.length).toBeGreaterThan(80);
    for (const value of ['', '0', '7', '/tmp', "it's", 'xx_YY.UTF-8', 'a\nb']) {
      const environment = accepted.map((known) => ({ name: known, value }));
      const { environ, stderr } = receive(shell, [], environment);
      expect({ environ: [...environ].sort(), stderr }).toEqual({ environ: written(environment), stderr: '' });
    }
  });

  it('enters the working directory whatever its name is', () => {
    using place = new ScratchDirectory();
    const odd = place.file("-it's a $(directory)\n");
    execFileSync('mkdir', ['--', odd]);
    const script = launchScript(
      completeRequest({ command: ['/bin/pwd', '-P'], cwd: odd }, [PATH_ENTRY]),
      [],
      { ...findLaunchTools(PATH), shell },
    );
    writeFileSync(scratch.file('launch.sh'), script);
    expect(
      execFileSync(shell, ['-c', '. "$1"', 'shim', scratch.file('launch.sh')], { encoding: 'utf8' }),
    ).toBe(`${odd}\n`);
  });
});
