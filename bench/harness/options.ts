import { parseArgs } from 'node:util';
import { DOCUMENTS } from '../documents/all-documents.ts';
import type { BenchDocument } from '../documents/document.ts';

const DEFAULT_FOLLOWERS = '1,10,100,1000';
const DEFAULT_RUNS = 3;
/** What the whole run may take; cases that do not fit are reported as not run. */
const DEFAULT_MAX_SECONDS = 1_800;

export const USAGE = `Options:
  --case a,c        only these; all by default
  --followers 1,100 of case a and of the peers; by default ${DEFAULT_FOLLOWERS}
  --runs 3          measured runs, after a warm-up
  --quick           few lines and short runs, to see that everything works
  --document all    of case a: all, two, held-out; several with commas; by default all three
  --max-seconds 1800 for everything
  --json FILE       also writes the figures there
  --write           also writes the table into docs/performance.md
  --cpu-profile DIR profiles of the server, one of each case and document`;

export interface BenchOptions {
  /** Letters; empty for all. */
  readonly cases: readonly string[];
  /** Of case a and of the peers. */
  readonly followers: readonly number[];
  /** Names of scripts without their ending; empty for all. */
  readonly peers: readonly string[];
  readonly runs: number;
  readonly quick: boolean;
  readonly documents: readonly BenchDocument[];
  readonly maxSeconds: number;
  readonly jsonPath: string | undefined;
  readonly writesPage: boolean;
  readonly profileDirectory: string | undefined;
}

/** @throws Error that says what is wrong with the arguments */
export function optionsOf(args: readonly string[]): BenchOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      case: { type: 'string', default: '' },
      followers: { type: 'string', default: DEFAULT_FOLLOWERS },
      runs: { type: 'string', default: String(DEFAULT_RUNS) },
      quick: { type: 'boolean', default: false },
      document: { type: 'string', default: Object.keys(DOCUMENTS).join(',') },
      'max-seconds': { type: 'string', default: String(DEFAULT_MAX_SECONDS) },
      json: { type: 'string' },
      write: { type: 'boolean', default: false },
      'cpu-profile': { type: 'string' },
      peer: { type: 'string', default: '' },
    },
  });
  return {
    cases: listed(values.case),
    followers: listed(values.followers).map((number) => atLeastOne('--followers', number)),
    peers: listed(values.peer),
    runs: atLeastOne('--runs', values.runs),
    quick: values.quick,
    documents: values.document.split(',').map(documentNamed),
    maxSeconds: atLeastOne('--max-seconds', values['max-seconds']),
    jsonPath: values.json,
    writesPage: values.write,
    profileDirectory: values['cpu-profile'],
  };
}

function listed(names: string): readonly string[] {
  return names.split(',').filter((name) => name !== '');
}

function documentNamed(name: string): BenchDocument {
  const document = DOCUMENTS[name];
  if (document === undefined)
    throw new Error(`--document is one of ${Object.keys(DOCUMENTS).join(', ')}, not ${name}.`);
  return document;
}

function atLeastOne(flag: string, written: string): number {
  const value = Number(written);
  if (!Number.isInteger(value) || value < 1) throw new Error(`${flag} is a whole number from 1 on.`);
  return value;
}
