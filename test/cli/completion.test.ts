import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { ScratchDirectory } from '../end-to-end/harness/scratch-directory.ts';
import { LifelineCommand, type CommandResult } from './lifeline-command.ts';

const COMMANDS = [
  ...['serve', 'run', 'logs', 'ps', 'show', 'cancel', 'pin', 'unpin', 'rerun', 'open', 'completion'],
  ...['apply', 'services', 'service', 'start', 'stop', 'import', 'schema'],
];

function has(shell: string): boolean {
  const isThere = spawnSync(shell, ['--version']).status === 0;
  if (!isThere) console.warn(`SKIPPED: there is no ${shell} to complete with.`);
  return isThere;
}

async function lifeline(...args: readonly string[]): Promise<CommandResult> {
  using command = new LifelineCommand(args, { cwd: '/' });
  return await command.end();
}

/** The long options of a command, as its help shows them. */
async function optionsOf(command: string): Promise<string[]> {
  const { code, stdout } = await lifeline(command, '--help');
  expect(code).toBe(0);
  const options = [...stdout.matchAll(/^ +(?:-\w, )?(--[a-z-]+)/gm)].map(([, option]) => option!);
  expect(options).toContain('--help');
  return options.filter((option) => option !== '--help');
}

describe('the completion for', () => {
  let bash: string;

  beforeAll(async () => {
    bash = (await lifeline('completion', 'bash')).stdout;
  });

  /** What bash itself makes of the script for the words so far. */
  function completed(...words: readonly string[]): string[] {
    const script = `${bash}\nCOMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _lifeline; printf '%s\\n' "\${COMPREPLY[@]}"`;
    const out = execFileSync('bash', ['--norc', '-c', script, 'bash', 'lifeline', ...words], {
      encoding: 'utf8',
    });
    return out.split('\n').filter((word) => word !== '');
  }

  it('bash knows commands, options, and values', async () => {
    expect(completed('')).toEqual(expect.arrayContaining(COMMANDS));
    expect(completed('rer')).toEqual(['rerun']);
    for (const command of COMMANDS) {
      const offered = completed(command, '--');
      expect(offered).toEqual(expect.arrayContaining(await optionsOf(command)));
    }
    expect(completed('logs', '--stream', '')).toEqual(['stdout', 'stderr']);
    expect(completed('completion', 'f')).toEqual(['fish']);
    expect(completed('run', '--', 'mkfif')).toContain('mkfifo');
  });

  it.each([['zsh'], ['fish']])('%s knows commands and options', async (shell) => {
    const { code, stdout } = await lifeline('completion', shell);
    expect(code).toBe(0);
    for (const command of COMMANDS) {
      expect(stdout).toContain(command);
      for (const option of await optionsOf(command)) {
        expect(stdout).toContain(shell === 'zsh' ? `${option}[` : `-l ${option.slice(2)} `);
      }
    }
  });

  /** What zsh itself, on a terminal of its own, makes of a line and a tab. */
  it.skipIf(!has('zsh'))('zsh completes on a terminal, also the command of run', async () => {
    using scratch = new ScratchDirectory();
    writeFileSync(scratch.file('_lifeline'), (await lifeline('completion', 'zsh')).stdout);
    const completed = (line: string, until: string): void => {
      const script = `zmodload zsh/zpty; zpty shell zsh -f -i
        zpty -w shell "PS1=; autoload -U compinit; compinit -u -D; source ${scratch.file('_lifeline')}; echo re''ady"
        zpty -r -m shell seen "*ready*"; zpty -w -n shell $'${line}\t'; zpty -r -m shell seen "*${until}*"`;
      execFileSync('zsh', ['-f', '-c', script], { timeout: 20_000, env: { ...process.env, TERM: 'dumb' } });
    };
    completed('lifeline rer', 'rerun');
    completed('lifeline logs --stream stdo', 'stdout');
    completed('lifeline run -- mkfif', 'mkfifo');
    completed('lifeline run mkfif', 'mkfifo');
  });

  it.skipIf(!has('fish'))('fish completes', async () => {
    using scratch = new ScratchDirectory();
    writeFileSync(scratch.file('lifeline.fish'), (await lifeline('completion', 'fish')).stdout);
    const completed = (line: string): string[] => {
      const script = `source ${scratch.file('lifeline.fish')}; complete -C '${line}'`;
      const env = { ...process.env, HOME: scratch.path };
      const out = execFileSync('fish', ['--no-config', '-c', script], { encoding: 'utf8', env });
      return out.split('\n').flatMap((found) => (found === '' ? [] : found.split('\t', 1)));
    };
    expect(completed('lifeline re')).toEqual(['rerun']);
    expect(completed('lifeline logs --stream ')).toEqual(['stderr', 'stdout']);
    expect(completed('lifeline run -- mkfif')).toContain('mkfifo');
  });

  it('another shell is refused', async () => {
    expect((await lifeline('completion', 'tcsh')).code).toBe(125);
  });
});

describe('docs/cli.md', () => {
  it('has every command and every option', async () => {
    const page = readFileSync(join(import.meta.dirname, '../../docs/cli.md'), 'utf8');
    for (const command of COMMANDS.filter((name) => name !== 'serve')) {
      expect(page).toContain(`lifeline ${command}`);
      for (const option of await optionsOf(command)) expect(page).toContain(`\`${option}`);
    }
  });
});
