import { LocatedDocument } from '../located-document.ts';
import type { ServiceEntry } from '../schema.ts';
import { ServiceFileError } from '../service-file-error.ts';
import { serviceNamesFor, type Imported, type ImportNote } from './imported.ts';
import { looseMapping, looseText, type Loose } from './loose-values.ts';
import { environmentIn, ProcessImport, type Project } from './process-compose-process.ts';

// Where the formats differ in what goes without saying, the entry says it: process-compose restarts nothing unless it is told
// to, runs commands in bash, and takes 200 alone for a good answer.

const PROJECT_NOTES: Readonly<Record<string, string>> = {
  log_location: 'the log of each job is kept by Lifeline; see lifeline logs',
  log_level: 'that is of process-compose itself',
  log_length: 'that is of its terminal',
  log_format: 'the log of each job is kept by Lifeline as it was written',
  log_configuration: 'the log of each job is kept by Lifeline as it was written',
  env_cmds: 'no program is asked for variables; put them into env',
  extends: 'one file is read; import the other one, too',
  is_tui_disabled: 'there is no such terminal here',
};

/**
 * A process-compose.yaml as services. https://f1bonacc1.github.io/process-compose
 * @throws ServiceFileError where it is no YAML, or has no processes
 */
export function importProcessCompose(text: string, fileName: string): Imported {
  const file = looseMapping(new LocatedDocument(text, fileName).data) ?? {};
  const processes = looseMapping(file['processes']);
  if (processes === undefined) {
    const message = 'There is no mapping of processes: this is no file of process-compose.';
    throw new ServiceFileError(fileName, [{ line: 1, column: 1, path: '', message }]);
  }
  const notes: ImportNote[] = projectNotes(file);
  const project = projectOf(file, processes);
  const services: Record<string, ServiceEntry> = {};
  for (const [given, process] of Object.entries(processes)) {
    const name = project.names.get(given) ?? given;
    if (name !== given)
      notes.push({ name, key: 'name', why: `was ${given}, which no service can be called` });
    const importer = new ProcessImport(project, looseMapping(process) ?? {}, (key, why) => {
      notes.push({ name, key, why });
    });
    const entry = importer.entry();
    if (entry !== undefined) services[name] = entry;
  }
  return { services, notes };
}

function projectOf(file: Loose, processes: Loose): Project {
  const shell = looseMapping(file['shell']) ?? {};
  return {
    names: serviceNamesFor(Object.keys(processes)),
    environment: environmentIn(file['environment']),
    vars: looseMapping(file['vars']) ?? {},
    shell: [looseText(shell['shell_command']) ?? 'bash', looseText(shell['shell_argument']) ?? '-c'],
    expands: file['disable_env_expansion'] !== true,
  };
}

function projectNotes(file: Loose): ImportNote[] {
  const carried = [
    'version',
    'processes',
    'environment',
    'shell',
    'vars',
    'is_strict',
    'disable_env_expansion',
  ];
  return Object.keys(file)
    .filter((key) => !carried.includes(key) && !key.startsWith('x-'))
    .map((key) => ({ name: '*', key, why: PROJECT_NOTES[key] ?? 'is not known' }));
}
