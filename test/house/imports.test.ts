import { readdirSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';

const SRC = join(import.meta.dirname, '../../src');

/** Each part may import from itself and from the parts before it. Files directly in src/ are the composition root. */
const SERVER_PARTS = ['domain', 'storage', 'logs', 'supervisor', 'graphql', 'http', 'main'];
/** Parts that may import only from themselves and from what is named here. */
const OWN_WORLDS: Readonly<Record<string, readonly string[]>> = {
  client: [],
  'service-file': ['domain'],
  cli: ['client', 'domain', 'service-file'],
};
/** What the command shares with the server that leaves it. */
const SERVER_POINTER = 'server-pointer.ts';
/** The client runs in browsers, by itself: types of these packages, and nothing of Node. */
const CLIENT_PACKAGES = ['@graphql-typed-document-node/core'];

interface SourceFile {
  /** Relative to src/. */
  readonly path: string;
  readonly part: string;
  /** Relative to src/. */
  readonly files: readonly string[];
  readonly packages: readonly string[];
}

const sources = readdirSync(SRC, { recursive: true, encoding: 'utf8' })
  .filter((path) => /\.tsx?$/.test(path) && !path.endsWith('.d.ts') && !path.startsWith('storage/generated/'))
  .sort()
  .map(readSource);

function readSource(path: string): SourceFile {
  const { importedFiles } = ts.preProcessFile(readFileSync(join(SRC, path), 'utf8'), true, true);
  const names = importedFiles.map(({ fileName }) => fileName);
  return {
    path,
    part: partOf(path),
    files: names.filter(isRelative).map((name) => posix.join(posix.dirname(path), name)),
    packages: names.filter((name) => !isRelative(name)),
  };
}

function isRelative(name: string): boolean {
  return name.startsWith('.');
}

function partOf(path: string): string {
  return path.includes('/') ? path.slice(0, path.indexOf('/')) : 'main';
}

function mayImport(from: string, to: string): boolean {
  if (from === to || from === 'main') return true;
  const world = OWN_WORLDS[from];
  if (world !== undefined) return world.includes(to);
  return SERVER_PARTS.includes(to) && SERVER_PARTS.indexOf(to) < SERVER_PARTS.indexOf(from);
}

/** The first cycle found from each file, as a path of imports that comes back to its beginning. */
function cycles(): string[] {
  const imports = new Map(sources.map(({ path, files }) => [path, files]));
  const finished = new Set<string>();
  const found: string[] = [];
  const visit = (path: string, trail: readonly string[]): void => {
    if (trail.includes(path)) {
      found.push([...trail.slice(trail.indexOf(path)), path].join(' -> '));
      return;
    }
    if (finished.has(path)) return;
    for (const next of imports.get(path) ?? []) visit(next, [...trail, path]);
    finished.add(path);
  };
  for (const { path } of sources) visit(path, []);
  return found;
}

describe('imports of the console', () => {
  const consoleRoot = join(SRC, '../console');
  const outside = readdirSync(consoleRoot, { recursive: true, encoding: 'utf8' })
    .filter((path) => /\.tsx?$/.test(path))
    .flatMap((path) =>
      ts
        .preProcessFile(readFileSync(join(consoleRoot, path), 'utf8'), true, true)
        .importedFiles.map(({ fileName }) => posix.join(posix.dirname(path), fileName))
        .filter((file) => file.startsWith('../')),
    );

  it('reach into src for the client alone: it is one', () => {
    expect(outside.length).toBeGreaterThan(0);
    expect(outside.filter((file) => !file.startsWith('../src/client/'))).toEqual([]);
  });
});

describe('imports in src', () => {
  it('are seen at all', () => {
    expect(sources.length).toBeGreaterThan(50);
    expect(sources.filter(({ files }) => files.length > 0).length).toBeGreaterThan(sources.length / 2);
  });

  it('are of parts that have a place in the order', () => {
    const known = [...SERVER_PARTS, ...Object.keys(OWN_WORLDS)];
    expect(sources.filter(({ part }) => !known.includes(part)).map(({ path }) => path)).toEqual([]);
  });

  it('point one way', () => {
    const wrong = sources.flatMap(({ path, part, files }) =>
      files
        .filter((file) => !mayImport(part, partOf(file)) && !(part === 'cli' && file === SERVER_POINTER))
        .map((file) => `${path} imports ${file}`),
    );
    expect(wrong).toEqual([]);
  });

  it('have no cycle', () => {
    expect(cycles()).toEqual([]);
  });

  it('of the client are only packages that run in a browser', () => {
    const wrong = sources
      .filter(({ part }) => part === 'client')
      .flatMap(({ path, packages }) =>
        packages.filter((name) => !CLIENT_PACKAGES.includes(name)).map((name) => `${path} imports ${name}`),
      );
    expect(wrong).toEqual([]);
  });
});
