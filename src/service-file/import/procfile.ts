import type { ServiceEntry } from '../schema.ts';
import { serviceNamesFor, type Imported, type ImportNote } from './imported.ts';

/** As foreman and honcho read a line; all others they pass over. */
const LINE = /^([A-Za-z0-9_-]+):\s*(.+)$/;

/**
 * A Procfile (Heroku, foreman, honcho) as services: each line is a script, run in the directory of the file.
 * https://devcenter.heroku.com/articles/procfile
 */
export function importProcfile(text: string): Imported {
  const notes: ImportNote[] = [];
  const commands = new Map<string, string>();
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (/^\s*(#|$)/.test(line)) continue;
    const [, name, command] = LINE.exec(line.trimEnd()) ?? [];
    if (name === undefined || command === undefined) {
      notes.push({ name: '*', key: `line ${index + 1}`, why: 'is no « name: command », and is left out' });
      continue;
    }
    if (commands.has(name)) notes.push({ name, key: 'command', why: 'is here twice; the last one counts' });
    commands.set(name, command);
  }
  const names = serviceNamesFor([...commands.keys()]);
  const services: Record<string, ServiceEntry> = {};
  for (const [given, command] of commands) {
    const name = names.get(given) ?? given;
    if (name !== given)
      notes.push({ name, key: 'name', why: `was ${given}, which no service can be called` });
    services[name] = given === 'release' ? releaseEntry(command) : { script: command };
    notes.push(...commandNotes(name, given, command));
  }
  return { services, notes: [...notes, ...(commands.size > 0 ? NOTES_ON_ALL : [])] };
}

/** What Heroku runs once, before a release. */
function releaseEntry(script: string): ServiceEntry {
  return { script, restart: 'never', desired: 'down' };
}

function commandNotes(name: string, given: string, command: string): ImportNote[] {
  return [
    ...(/\$\{?PORT\b/.test(command)
      ? [{ name, key: 'PORT', why: 'foreman and honcho give each a port from 5000 on; put one into env' }]
      : []),
    ...(given === 'release'
      ? [
          {
            name,
            key: 'release',
            why: 'Heroku runs it once before each release; start it by hand, or by after: {release: succeeded}',
          },
        ]
      : []),
  ];
}

const NOTES_ON_ALL: readonly ImportNote[] = [
  { name: '*', key: '.env', why: 'is not read; put what is in it into env' },
  { name: '*', key: 'formation', why: 'one of each runs; for more, define more services' },
  {
    name: '*',
    key: 'exit',
    why: 'when one ends, the others go on; one that fails is started again (restart)',
  },
];
